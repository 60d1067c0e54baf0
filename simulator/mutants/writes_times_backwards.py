"""A writer of recordings whose clock runs backwards now and then."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    _turn = 0

    def _line(self, code: str, data: str, at: int) -> bytes:
        line = super()._line(code, data, at)
        self._turn += 1
        return b"[%d%s" % (9 - self._turn, line[2:])


MUTANT = Mutant(
    name="writes-times-backwards",
    part="ssh-server",
    summary="writes times that go backwards",
    breaks=("events-4", "events-15"),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
