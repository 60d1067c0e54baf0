"""A recorder that ends its answer with an error frame, and does not say which error."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks


class _Unnamed(Acks):
    async def error(self, why: str) -> None:  # noqa: ARG002 - that is the defect
        await self.frame(b'{"error":""}\n')


MUTANT = Mutant(
    name="recorder-names-no-error",
    part="recorder",
    summary="ends a recording that its disk could not take with an empty error",
    breaks=("acks-17", "storage-6"),
    shown_by=("recorder/disks/full-v2",),
    overlay={Acks: _Unnamed},
)
