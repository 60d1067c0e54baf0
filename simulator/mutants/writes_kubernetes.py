"""A writer of recordings that says of every session that it is one of Kubernetes."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["kubernetes"] = {"PodName": "none"}
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-kubernetes",
    part="ssh-server",
    summary="writes `kubernetes` into the header of an SSH session",
    breaks=("header-31",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
