"""A writer of recordings with -1 for no limit."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["idle_time_limit"] = -1
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-endless-idle-limit",
    part="ssh-server",
    summary="writes idle_time_limit as -1",
    breaks=("header-10",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
