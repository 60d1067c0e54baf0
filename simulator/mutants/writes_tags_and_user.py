"""A writer of recordings that says both whose a node is and its tags."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["srcNodeTags"] = ["tag:prod"]
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-tags-and-user",
    part="ssh-server",
    summary="writes srcNodeTags beside srcNodeUser",
    breaks=("header-17",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
