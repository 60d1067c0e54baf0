"""A recorder that writes whole lines only, and holds them till then."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _Lines(Upload):
    _line = b""

    async def keep(self, data: bytes) -> None:
        self._line += data
        whole, newline, rest = self._line.rpartition(b"\n")
        if newline:
            self._line = rest
            await super().keep(whole + newline)

    async def finish(self, *, complete: bool) -> str:
        await super().keep(self._line)
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-holds-lines",
    part="recorder",
    summary="holds every line in memory until it ends, however long it is",
    breaks=("hostile-13",),
    shown_by=("recorder/hostile/long-lines",),
    overlay={Upload: _Lines},
)
