"""A writer of recordings that makes them easier to read."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        return super()._line(code, f"[12:00:00] {data}", at)


MUTANT = Mutant(
    name="writes-prompts",
    part="ssh-server",
    summary="writes the time of day before each piece of output",
    breaks=("streaming-2",),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
