"""A writer of recordings that names the terminal twice."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        return super().header_line().replace(b"{", b'{"version":2,', 1)


MUTANT = Mutant(
    name="writes-names-twice",
    part="ssh-server",
    summary="writes `version` twice into the header",
    breaks=("file-6",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
