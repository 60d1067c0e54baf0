"""A writer of recordings that knows numbers when it sees them."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["env"]["COLUMNS"] = 80
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-env-numbers",
    part="ssh-server",
    summary="writes a value of `env` as a number",
    breaks=("header-7",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
