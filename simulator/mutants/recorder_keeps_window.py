"""A v2 recorder that gives window back on the connection only."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Keeps(HTTP2):
    def _give_back(self, stream_id: int, size: int) -> None:
        """Give nothing back."""


MUTANT = Mutant(
    name="recorder-keeps-window",
    part="recorder",
    summary="never gives window back on a stream",
    breaks=("v2-12",),
    shown_by=("recorder/frames/window-returned",),
    overlay={HTTP2: _Keeps},
)
