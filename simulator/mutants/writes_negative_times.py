"""A writer of recordings that counts down to its end."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return b"[-" + line[1:]


MUTANT = Mutant(
    name="writes-negative-times",
    part="ssh-server",
    summary="writes times before the start of the recording",
    breaks=("events-3",),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
