"""A writer of recordings with lines of a size."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        return super()._line(code, data[:1024], at)


MUTANT = Mutant(
    name="writes-short-lines",
    part="ssh-server",
    summary="cuts what is longer than a kilobyte",
    breaks=("streaming-1",),
    shown_by=("output/long",),
    overlay={CastWriter: _Writer},
)
