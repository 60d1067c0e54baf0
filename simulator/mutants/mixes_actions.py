"""An SSH server that takes the recorders of one action and the failure action of another."""

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
        if not first.hold_and_delegate:
            return last
        return msgspec.structs.replace(last, on_recording_failure=first.on_recording_failure)


MUTANT = Mutant(
    name="mixes-actions",
    part="ssh-server",
    summary="keeps the first failure action with the last recorders",
    breaks=("policy-15",),
    shown_by=("policy/check-last",),
    overlay={Policy: _Held},
)
