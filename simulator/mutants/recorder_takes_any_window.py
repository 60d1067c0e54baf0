"""A recorder that adds up windows in numbers without an end."""

from __future__ import annotations

from typing import Any

from h2.exceptions import FlowControlError
from hyperframe.frame import WindowUpdateFrame

from simulator.overlay import Mutant
from simulator.serving_protocols import H2, HTTP2


class _Boundless(H2):
    def _receive_window_update_frame(self, frame: WindowUpdateFrame) -> Any:
        try:
            return super()._receive_window_update_frame(frame)
        except FlowControlError:
            return [], []


class _Generous(HTTP2):
    state = _Boundless


MUTANT = Mutant(
    name="recorder-takes-any-window",
    part="recorder",
    summary="takes a flow-control window over 2^31-1",
    breaks=("hostile-11",),
    shown_by=("recorder/hostile/h2-windows",),
    overlay={HTTP2: _Generous},
)
