"""A writer of recordings that are empty."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        return b""

    def _line(self, code: str, data: str, at: int) -> bytes:  # noqa: ARG002
        return b""


MUTANT = Mutant(
    name="writes-nothing",
    part="ssh-server",
    summary="hands over a recording without a byte",
    breaks=("file-8", "streaming-1"),
    shown_by=("basic/unasked",),
    overlay={CastWriter: _Writer},
)
