"""A writer of recordings that writes UTF-16 in pieces."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        return line + line[: line.index(b",")] + b', "m", "\\ud83d"]\n'


MUTANT = Mutant(
    name="writes-half-characters",
    part="ssh-server",
    summary="writes the first half of a surrogate pair",
    breaks=("file-5",),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
