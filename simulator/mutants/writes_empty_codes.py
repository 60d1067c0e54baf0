"""A writer of recordings that has no word for a second stream."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line + line.replace(b'"o"', b'""')


MUTANT = Mutant(
    name="writes-empty-codes",
    part="ssh-server",
    summary="writes events of standard error without a code, and output twice",
    breaks=("events-5",),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
