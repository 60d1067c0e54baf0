"""A recorder client that speaks v1 alone."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import Connected, Effects
from simulator.overlay import Mutant


class _OldOnly(Client):
    def connected(self, event: Connected, now: int) -> Effects:
        s = self.session
        if event.op == s.op and s.phase is Phase.DIAL:
            return self.open(now, v2=False)
        return super().connected(event, now)


MUTANT = Mutant(
    name="never-asks-for-v2",
    part="client",
    summary="uses v1 at every address, and asks nobody for v2",
    breaks=("choose-22",),
    shown_by=("basic/v1-shell",),
    overlay={Client: _OldOnly},
)
