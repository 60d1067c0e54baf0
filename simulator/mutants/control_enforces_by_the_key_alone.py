"""A control plane for which enforceRecorder asks for recording."""

from __future__ import annotations

import msgspec

from conformance.policy_match import REJECT_MESSAGE, TERMINATE_MESSAGE
from conformance.wire import OnRecordingFailure, SSHAction
from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _Enforces(ControlPlane):
    def sent(self, action: SSHAction) -> SSHAction:
        if not action.accept or action.recorders is not None:
            return action
        if not any(rule.enforced for rule in self.policy.ssh):
            return action
        messages = OnRecordingFailure(
            reject_session_with_message=REJECT_MESSAGE,
            terminate_session_with_message=TERMINATE_MESSAGE,
        )
        return msgspec.structs.replace(action, on_recording_failure=messages)


MUTANT = Mutant(
    name="control-enforces-by-the-key-alone",
    part="control",
    summary="sends the messages of enforceRecorder for a rule without recorder",
    breaks=("policy-6", "policy-19", "machine-2", "streaming-5"),
    shown_by=("policy/enforced-nobody",),
    overlay={ControlPlane: _Enforces},
)
