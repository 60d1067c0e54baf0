"""A writer of recordings that joins tags with commas."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        del header["srcNodeUserID"], header["srcNodeUser"]
        header["srcNodeTags"] = "tag:prod,tag:dev"
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-tags-as-text",
    part="ssh-server",
    summary="writes srcNodeTags as a string",
    breaks=("header-15",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
