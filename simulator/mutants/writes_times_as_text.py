"""A writer of recordings that quotes times."""

from __future__ import annotations

import re

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return re.sub(rb"^.([0-9.]+)", rb'["\1"', line)


MUTANT = Mutant(
    name="writes-times-as-text",
    part="ssh-server",
    summary="writes the time of an event as a string",
    breaks=("events-2", "streaming-1"),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
