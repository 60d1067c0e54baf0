"""An SSH server for which every action with recorders counts."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    SSHAction,
)
from simulator.overlay import Mutant
from simulator.ssh_policy import Answer, Policy


class _Between(Policy):
    async def _held(self, first: SSHAction) -> SSHAction:
        self._seen: SSHAction = first
        last = await super()._held(first)
        return msgspec.structs.replace(last, recorders=self._seen.recorders)

    async def _ask(self, url: str, limit: float) -> Answer:
        answer = await super()._ask(url, limit)
        if answer.action.recorders:
            self._seen = answer.action
        return answer


MUTANT = Mutant(
    name="counts-actions-between",
    part="ssh-server",
    summary="takes the recorders of an action between the first and the last",
    breaks=("policy-15", "machine-2", "storage-2"),
    shown_by=("policy/check-between",),
    overlay={Policy: _Between},
)
