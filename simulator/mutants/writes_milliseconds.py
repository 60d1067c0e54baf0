"""A writer of recordings that counts milliseconds."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return b"[%d" % ((at - self._started_at) // 1000000) + line[line.index(b",") :]


MUTANT = Mutant(
    name="writes-milliseconds",
    part="ssh-server",
    summary="writes times in milliseconds",
    breaks=("events-15",),
    shown_by=("output/last-words",),
    overlay={CastWriter: _Writer},
)
