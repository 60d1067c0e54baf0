"""A writer of recordings in a dialect of JSON."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line.replace(b"]\n", b",]\n")


MUTANT = Mutant(
    name="writes-trailing-commas",
    part="ssh-server",
    summary="writes a comma before the end of an event",
    breaks=("file-2", "streaming-1"),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
