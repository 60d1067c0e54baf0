"""An SSH server that lets users in whom it should hold."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    SSHAction,
)
from simulator.overlay import Mutant
from simulator.ssh_policy import Policy


class _Holds(Policy):
    async def _held(self, first: SSHAction) -> SSHAction:
        if not first.hold_and_delegate:
            return first
        return msgspec.structs.replace(first, accept=True, hold_and_delegate="")


MUTANT = Mutant(
    name="skips-the-check",
    part="ssh-server",
    summary="takes an action that holds for one that accepts",
    breaks=("policy-14", "machine-2", "storage-2"),
    shown_by=("policy/check",),
    overlay={Policy: _Holds},
)
