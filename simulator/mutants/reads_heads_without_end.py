"""A recorder that reads a head until it ends."""

from __future__ import annotations

from typing import Any

import h11

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _Patient(HTTP1):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 40)


MUTANT = Mutant(
    name="recorder-reads-heads-without-end",
    part="recorder",
    summary="has no limit for the field lines of an HTTP/1.1 request",
    breaks=("hostile-8",),
    shown_by=("recorder/hostile/h1-endless-head",),
    overlay={HTTP1: _Patient},
)
