"""A writer of recordings that names its colours."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["theme"] = {"fg": "white", "bg": "black", "palette": "default"}
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-theme-names",
    part="ssh-server",
    summary="writes colours of the theme by name",
    breaks=("header-11",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
