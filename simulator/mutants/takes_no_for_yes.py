"""A recorder client that uses v2 whatever the probe said."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects, Probed
from simulator.overlay import Mutant


class _TakesNo(Client):
    def probed(self, event: Probed, now: int) -> Effects:
        return super().probed(Probed(event.op, v2=True), now)


MUTANT = Mutant(
    name="takes-no-for-yes",
    part="client",
    summary="uses v2 where the probe was answered 404",
    breaks=("choose-4",),
    shown_by=("choosing/no-v2-after-404",),
    overlay={Client: _TakesNo},
)
