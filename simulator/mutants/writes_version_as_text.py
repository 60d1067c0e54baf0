"""A writer of recordings that quotes numbers."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["version"] = "2"
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-version-as-text",
    part="ssh-server",
    summary="writes the version as a string",
    breaks=("header-2",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
