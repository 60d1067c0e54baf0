"""A writer of recordings that takes the order of the ioctl."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        width, _, height = data.partition("x")
        return super()._line(code, f"{height}x{width}", at) if code == "r" else line


MUTANT = Mutant(
    name="writes-rows-first",
    part="ssh-server",
    summary="writes the rows of a window first",
    breaks=("events-8",),
    shown_by=("basic/window-again",),
    overlay={CastWriter: _Writer},
)
