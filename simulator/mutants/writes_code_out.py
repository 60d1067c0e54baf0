"""A writer of recordings with codes of its own."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line.replace(b'"o"', b'"out"')


MUTANT = Mutant(
    name="writes-code-out",
    part="ssh-server",
    summary="writes output with the code `out`",
    breaks=("events-14", "streaming-1"),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
