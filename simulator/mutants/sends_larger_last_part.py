"""A recorder that adds the rest to the last part, which R2 wants to be the shortest."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.transfer import PART, Transfer


class _Larger(Transfer):
    async def advance(self) -> None:
        while self._incoming.size - self.sent >= 2 * PART:
            await self._send_part(PART)


MUTANT = Mutant(
    name="recorder-sends-larger-last-part",
    part="recorder",
    summary="sends a last part that is longer than the others",
    breaks=("storage-12",),
    shown_by=("recorder/objects/r2",),
    overlay={Transfer: _Larger},
)
