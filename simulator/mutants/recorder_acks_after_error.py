"""A recorder that says the total at the end, whatever happened."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _AcksAfterError(Acks):
    async def error(self, why: str) -> None:
        await super().error(why)
        await self.ack()


MUTANT = Mutant(
    name="recorder-acks-after-error",
    part="recorder",
    summary="sends an ack after the error frame",
    breaks=("acks-5",),
    shown_by=("recorder/disks/full-v2",),
    overlay={Acks: _AcksAfterError},
)
