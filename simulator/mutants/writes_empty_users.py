"""A writer of recordings that keeps users to itself."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header |= {"sshUser": "", "localUser": ""}
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-empty-users",
    part="ssh-server",
    summary="writes sshUser and localUser as empty strings",
    breaks=("header-19", "header-29"),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
