"""A writer of recordings that marks where it is."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line + line[: line.index(b",")] + b', "m", 1]\n'


MUTANT = Mutant(
    name="writes-data-as-number",
    part="ssh-server",
    summary="writes markers whose data is a number",
    breaks=("events-6",),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
