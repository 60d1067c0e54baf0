"""A recorder that closes its answer with a word for people."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _SaysDone(Acks):
    async def ack(self) -> None:
        await super().ack()
        if self._over.is_set():
            await self.frame(b"done\n")


MUTANT = Mutant(
    name="recorder-says-done",
    part="recorder",
    summary="ends every answer with a line of plain text",
    breaks=("acks-5",),
    shown_by=("recorder/acks/total",),
    overlay={Acks: _SaysDone},
)
