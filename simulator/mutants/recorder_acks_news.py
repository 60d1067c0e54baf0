"""A recorder whose acks count what came since the ack before."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _News(Acks):
    _acked = 0

    async def ack(self) -> None:
        await self.frame(b'{"ack":%d}\n' % (self.upload.received - self._acked))
        self._acked = self.upload.received


MUTANT = Mutant(
    name="recorder-acks-news",
    part="recorder",
    summary="acks what came since the last ack, not the total",
    breaks=("acks-4", "acks-3"),
    shown_by=("recorder/acks/idle",),
    overlay={Acks: _News},
)
