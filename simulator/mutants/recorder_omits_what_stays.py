"""A recorder that leaves the number out when it is the same as before: it reads as 0."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _OmitsWhatStays(Acks):
    _acked = 0

    async def ack(self) -> None:
        if self.upload.received == self._acked:
            await self.frame(b"{}\n")
        else:
            await super().ack()
        self._acked = self.upload.received


MUTANT = Mutant(
    name="recorder-omits-what-stays",
    part="recorder",
    summary="sends an empty object when nothing came since the last ack",
    breaks=("acks-7", "acks-4"),
    shown_by=("recorder/acks/idle",),
    overlay={Acks: _OmitsWhatStays},
)
