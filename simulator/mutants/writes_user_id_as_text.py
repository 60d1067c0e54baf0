"""A writer of recordings that quotes the ID of the user."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["srcNodeUserID"] = str(header["srcNodeUserID"])
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-user-id-as-text",
    part="ssh-server",
    summary="writes srcNodeUserID as a string",
    breaks=("header-16",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
