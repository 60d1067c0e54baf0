"""A recorder whose acks count nothing until the recording is over."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _Stale(Acks):
    async def ack(self) -> None:
        if self._over.is_set():
            await super().ack()
        else:
            await self.frame(b"{}\n")


MUTANT = Mutant(
    name="recorder-acks-nothing",
    part="recorder",
    summary="sends every ack but the last with the count 0",
    breaks=("acks-6",),
    shown_by=("basic/idle",),
    overlay={Acks: _Stale},
)
