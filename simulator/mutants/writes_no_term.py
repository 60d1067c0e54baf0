"""A writer of recordings that leaves out an empty environment."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["env"] = {}
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-no-term",
    part="ssh-server",
    summary="leaves TERM out of `env`",
    breaks=("header-8",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
