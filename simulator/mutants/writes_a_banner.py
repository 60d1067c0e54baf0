"""A writer of recordings that says where they begin."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        return super().header_line() + b"-- the session begins here --\n"


MUTANT = Mutant(
    name="writes-a-banner",
    part="ssh-server",
    summary="writes a line between the header and the first event that is no event",
    breaks=(
        "file-12",
        "file-2",
    ),
    shown_by=("loss/cut",),
    overlay={CastWriter: _Writer},
)
