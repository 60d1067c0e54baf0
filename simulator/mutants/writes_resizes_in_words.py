"""A writer of recordings that writes sizes in words."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line.replace(b"x", b" x ") if code == "r" else line


MUTANT = Mutant(
    name="writes-resizes-in-words",
    part="ssh-server",
    summary="writes the size of a window with a blank in it",
    breaks=("events-7",),
    shown_by=("basic/window",),
    overlay={CastWriter: _Writer},
)
