"""A writer of recordings that dates them to the microsecond."""

from __future__ import annotations

import json

from simulator.cast import CastWriter
from simulator.overlay import Mutant


class _Writer(CastWriter):
    def header_line(self) -> bytes:
        header = json.loads(super().header_line())
        header["timestamp"] += 0.5
        return json.dumps(header).encode() + b"\n"


MUTANT = Mutant(
    name="writes-timestamp-as-fraction",
    part="ssh-server",
    summary="writes the timestamp as a fraction",
    breaks=("header-5",),
    shown_by=("basic/exec",),
    overlay={CastWriter: _Writer},
)
