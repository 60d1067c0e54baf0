"""A writer of recordings that adds a field to every event."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line.replace(b"]\n", b", 1]\n")


MUTANT = Mutant(
    name="writes-four-elements",
    part="ssh-server",
    summary="writes events of four elements",
    breaks=("events-1", "streaming-1"),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
