"""A writer of recordings that splits commands into words."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["command"] = header["command"].split()
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-command-as-list",
    part="ssh-server",
    summary="writes the command as a list",
    breaks=("header-6",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
