"""A recorder that acks like TCP: the number of the byte that it waits for, counted from 1."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _NextByte(Acks):
    async def ack(self) -> None:
        await self.frame(b'{"ack":%d}\n' % (self.upload.received + 1))


MUTANT = Mutant(
    name="recorder-acks-next-byte",
    part="recorder",
    summary="acks one byte more than it received",
    breaks=("acks-4", "acks-3", "acks-6"),
    shown_by=("recorder/acks/counting",),
    overlay={Acks: _NextByte},
)
