"""An SSH server that forgets what the first of two actions said of failures."""

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
        return msgspec.structs.replace(last, on_recording_failure=None)


MUTANT = Mutant(
    name="drops-the-first-failure-action",
    part="ssh-server",
    summary="keeps the recorders of the first action, and drops its failure action",
    breaks=("policy-15", "failure-1", "machine-2", "notice-1"),
    shown_by=("policy/check-first",),
    overlay={Policy: _Held},
)
