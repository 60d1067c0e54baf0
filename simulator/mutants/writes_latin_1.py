"""A writer of recordings that knows one byte for a character."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line.decode().encode("latin-1", "replace")


MUTANT = Mutant(
    name="writes-latin-1",
    part="ssh-server",
    summary="writes text as ISO 8859-1",
    breaks=("file-1", "streaming-1"),
    shown_by=("output/split",),
    overlay={CastWriter: _Writer},
)
