"""A writer of recordings that writes names as DNS has them."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["srcNode"] += "."
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-trailing-dot",
    part="ssh-server",
    summary="ends srcNode with a dot",
    breaks=("header-13", "header-28"),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
