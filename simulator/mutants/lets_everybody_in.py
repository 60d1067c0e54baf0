"""An SSH server that lets in whom no rule lets in."""

from __future__ import annotations

from conformance.wire import (
    SSHAction,
)
from simulator.overlay import Mutant
from simulator.ssh_policy import Decision, Policy, RefusedError


class _LetsIn(Policy):
    async def decide(self, peer: str, ssh_user: str) -> Decision:
        try:
            return await super().decide(peer, ssh_user)
        except RefusedError:
            answer = await self._first(peer, ssh_user)
            assert answer.source is not None
            return Decision(
                action=SSHAction(accept=True), source=answer.source, local_user=ssh_user
            )


MUTANT = Mutant(
    name="lets-everybody-in",
    part="ssh-server",
    summary="takes an action that rejects for one that accepts",
    breaks=("policy-12", "machine-2", "streaming-5"),
    shown_by=("policy/refused",),
    overlay={Policy: _LetsIn},
)
