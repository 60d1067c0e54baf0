"""A writer of recordings that has read the newest manual only halfway."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["version"] = 3
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-version-3",
    part="ssh-server",
    summary="says version 3, and writes what belongs to version 2",
    breaks=("header-21",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
