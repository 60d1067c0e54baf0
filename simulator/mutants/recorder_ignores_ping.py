"""A v2 recorder that does not answer PING."""

from __future__ import annotations

from h2.events import Event
from hyperframe.frame import Frame, PingFrame

from simulator.overlay import Mutant
from simulator.serving_protocols import H2, HTTP2


class _Deaf(H2):
    def _receive_ping_frame(self, frame: PingFrame) -> tuple[list[Frame], list[Event]]:  # noqa: ARG002
        return [], []


class _NoPong(HTTP2):
    state = _Deaf


MUTANT = Mutant(
    name="recorder-ignores-ping",
    part="recorder",
    summary="does not answer PING",
    breaks=("v2-13",),
    shown_by=("recorder/frames/answers",),
    overlay={HTTP2: _NoPong},
)
