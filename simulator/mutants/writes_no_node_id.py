"""A writer of recordings that knows nodes by name alone."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["srcNodeID"] = ""
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-no-node-id",
    part="ssh-server",
    summary="writes an empty srcNodeID",
    breaks=("header-14", "header-28"),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
