"""An SSH server for which the first action decides about recording."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    SSHAction,
)
from simulator.overlay import Mutant
from simulator.ssh_policy import Policy


class _Held(Policy):
    _first_action: SSHAction | None = None

    async def _held(self, first: SSHAction) -> SSHAction:
        last = await super()._held(first)
        return msgspec.structs.replace(
            last,
            recorders=first.recorders,
            on_recording_failure=first.on_recording_failure,
        )


MUTANT = Mutant(
    name="keeps-the-first-recorders",
    part="ssh-server",
    summary="ignores the recorders and the failure action of the last action",
    breaks=("policy-15", "machine-2", "storage-2"),
    shown_by=("policy/check-last",),
    overlay={Policy: _Held},
)
