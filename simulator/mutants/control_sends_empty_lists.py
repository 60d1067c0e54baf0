"""A control plane that sends a list of recorders where no rule has one."""

from __future__ import annotations

import msgspec

from conformance.wire import SSHAction
from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _Lists(ControlPlane):
    def sent(self, action: SSHAction) -> SSHAction:
        if not action.accept or action.recorders is not None:
            return action
        return msgspec.structs.replace(action, recorders=())


MUTANT = Mutant(
    name="control-sends-empty-lists",
    part="control",
    summary="sends an empty list of recorders for a rule without recorder",
    breaks=(
        "policy-19",
        "machine-2",
    ),
    shown_by=("policy/no-recorder",),
    overlay={ControlPlane: _Lists},
)
