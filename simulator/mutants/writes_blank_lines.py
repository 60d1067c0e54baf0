"""A writer of recordings that leaves room between events."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line + b"\n"


MUTANT = Mutant(
    name="writes-blank-lines",
    part="ssh-server",
    summary="writes a blank line after each event",
    breaks=("events-10",),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
