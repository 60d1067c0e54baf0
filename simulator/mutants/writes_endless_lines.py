"""A writer of recordings that pads its lines."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line.removesuffix(b"]\n") + b" " * (1 << 18) + b"]\n"


MUTANT = Mutant(
    name="writes-endless-lines",
    part="ssh-server",
    summary="pads every line with a quarter of a megabyte of blanks",
    breaks=("file-9",),
    shown_by=("output/line-limit",),
    overlay={CastWriter: _Writer},
)
