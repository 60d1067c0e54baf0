"""A writer of recordings that leaves out what is 0."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        del header["width"]
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-no-width",
    part="ssh-server",
    summary="leaves the width out of the header of a session without a terminal",
    breaks=("header-3",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
