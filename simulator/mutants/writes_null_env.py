"""A writer of recordings with null in place of what is not set."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["env"]["SHELL"] = None
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-null-env",
    part="ssh-server",
    summary="writes a value of `env` as null",
    breaks=("header-9",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
