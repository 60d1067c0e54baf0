"""A writer of recordings that wraps and wraps."""

from __future__ import annotations

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        deep = b"[" * 200 + b"]" * 200
        return super().header_line().replace(b"{", b'{"x":' + deep + b",", 1)


MUTANT = Mutant(
    name="writes-deep-headers",
    part="ssh-server",
    summary="nests a key of the header 200 deep",
    breaks=("file-10",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
