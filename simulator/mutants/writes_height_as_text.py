"""A writer of recordings that quotes the height."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["height"] = str(header["height"])
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-height-as-text",
    part="ssh-server",
    summary="writes the height as a string",
    breaks=("header-4",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
