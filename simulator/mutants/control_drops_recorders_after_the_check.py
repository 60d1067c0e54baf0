"""A control plane that forgets the rule once its check is passed."""

from __future__ import annotations

import msgspec

from conformance.policy_types import Decision
from conformance.wire import SSHAction
from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _Forgets(ControlPlane):
    def delegated(self, decision: Decision, number: str, turn: int) -> SSHAction:
        action = super().delegated(decision, number, turn)
        return msgspec.structs.replace(action, recorders=None, on_recording_failure=None)


MUTANT = Mutant(
    name="control-drops-recorders-after-the-check",
    part="control",
    summary="sends no recorders with the action that follows a check",
    breaks=(
        "policy-18",
        "machine-2",
        "storage-2",
    ),
    shown_by=("policy/check",),
    overlay={ControlPlane: _Forgets},
)
