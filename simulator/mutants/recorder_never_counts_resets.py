"""A recorder that limits the streams that are open, and never counts those that were."""

from __future__ import annotations

from typing import Any

from simulator.overlay import Mutant
from simulator.serving_limits import Resets
from simulator.serving_protocols import HTTP2


class _Uncounted(Resets):
    def add(self) -> None:
        pass


class _Forgets(HTTP2):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._resets = _Uncounted(lambda: 0.0)


MUTANT = Mutant(
    name="recorder-never-counts-resets",
    part="recorder",
    summary="lets one client open and reset streams without end",
    breaks=("hostile-9",),
    shown_by=("recorder/hostile/h2-resets",),
    overlay={HTTP2: _Forgets},
)
