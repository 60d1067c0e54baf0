"""A writer of recordings whose headers are to be read by people."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        return json.dumps(json.loads(super().header_line()), indent=1).encode() + b"\n"


MUTANT = Mutant(
    name="writes-header-over-lines",
    part="ssh-server",
    summary="writes the header over several lines",
    breaks=("header-1", "file-2"),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
