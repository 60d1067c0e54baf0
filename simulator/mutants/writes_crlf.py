"""A writer of recordings for another system."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line.replace(b"\n", b"\r\n")


MUTANT = Mutant(
    name="writes-crlf",
    part="ssh-server",
    summary="ends lines with a carriage return and a line feed",
    breaks=("file-7",),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
