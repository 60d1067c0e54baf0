"""A recorder that keeps to itself why it failed: its error frame reads as an ack of 0."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _HidesErrors(Acks):
    async def error(self, why: str) -> None:  # noqa: ARG002 - that is the defect
        await self.frame(b'{"error":""}\n')


MUTANT = Mutant(
    name="recorder-hides-errors",
    part="recorder",
    summary="sends an error frame with an empty error",
    breaks=("acks-17", "storage-6"),
    shown_by=("recorder/disks/full-v2",),
    overlay={Acks: _HidesErrors},
)
