"""A writer of recordings that marks them as UTF-8."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        return b"\xef\xbb\xbf" + super().header_line()


MUTANT = Mutant(
    name="writes-byte-order-mark",
    part="ssh-server",
    summary="begins a recording with a byte order mark",
    breaks=("file-4",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
