"""A writer of recordings that does not say where the session came from."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        del header["srcNode"]
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-no-src-node",
    part="ssh-server",
    summary="leaves srcNode out",
    breaks=("header-12",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
