"""A writer of recordings whose lines end before the next one."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        return super().header_line().removesuffix(b"\n")

    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return b"\n" + line.removesuffix(b"\n")


MUTANT = Mutant(
    name="writes-bare-ends",
    part="ssh-server",
    summary="writes a line feed before each line and none after it",
    breaks=("file-3",),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
