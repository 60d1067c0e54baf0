"""A control plane that sets one of the two messages."""

from __future__ import annotations

import msgspec

from conformance.wire import OnRecordingFailure, SSHAction
from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _StartAlone(ControlPlane):
    def sent(self, action: SSHAction) -> SSHAction:
        failure = action.on_recording_failure
        if failure is None:
            return action
        only = OnRecordingFailure(
            reject_session_with_message=failure.reject_session_with_message,
            notify_url=failure.notify_url,
        )
        return msgspec.structs.replace(action, on_recording_failure=only)


MUTANT = Mutant(
    name="control-enforces-the-start-alone",
    part="control",
    summary="sets the message that refuses a session, and not the one that ends it",
    breaks=("policy-10",),
    shown_by=("policy/enforced",),
    overlay={ControlPlane: _StartAlone},
)
