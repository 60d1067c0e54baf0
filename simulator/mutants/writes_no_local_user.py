"""A writer of recordings that names one user only."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        del header["localUser"]
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-no-local-user",
    part="ssh-server",
    summary="leaves localUser out",
    breaks=("header-18",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
