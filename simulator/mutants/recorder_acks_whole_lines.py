"""A recorder that reads line by line, and acks what it has read."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _WholeLines(Upload):
    _all = 0

    async def take(self, data: bytes) -> None:
        await self.keep(data)
        newline = data.rfind(b"\n")
        if newline >= 0:
            self.received = self._all + newline + 1
        self._all += len(data)


MUTANT = Mutant(
    name="recorder-acks-whole-lines",
    part="recorder",
    summary="acks only lines that came whole",
    breaks=("acks-6",),
    shown_by=("recorder/acks/counting",),
    overlay={Upload: _WholeLines},
)
