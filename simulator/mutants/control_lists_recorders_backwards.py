"""A control plane that lists recorders in the wrong order."""

from __future__ import annotations

import msgspec

from conformance.wire import SSHAction
from simulator.control import ControlPlane
from simulator.overlay import Mutant


class _Backwards(ControlPlane):
    def sent(self, action: SSHAction) -> SSHAction:
        backwards = action.recorders and action.recorders[::-1]
        return msgspec.structs.replace(action, recorders=backwards)


MUTANT = Mutant(
    name="control-lists-recorders-backwards",
    part="control",
    summary="lists the recorders from the last one to the first",
    breaks=(
        "policy-8",
        "machine-2",
        "storage-2",
    ),
    shown_by=("policy/first-rule",),
    overlay={ControlPlane: _Backwards},
)
