"""A recorder that collects CONTINUATION frames for as long as they come."""

from __future__ import annotations

from typing import Any

from h2.frame_buffer import FrameBuffer
from hyperframe.frame import ContinuationFrame, Frame

from simulator.overlay import Mutant
from simulator.serving_protocols import H2, HTTP2


class _Patient(FrameBuffer):
    def _update_header_buffer(self, f: Frame | None) -> Frame | None:
        if (
            isinstance(f, ContinuationFrame)
            and "END_HEADERS" not in f.flags
            and self._headers_buffer
        ):
            self._headers_buffer.append(f)
            return None
        return super()._update_header_buffer(f)


class _Unbounded(H2):
    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.incoming_buffer = _Patient(server=True)


class _Collects(HTTP2):
    state = _Unbounded


MUTANT = Mutant(
    name="recorder-waits-for-end-of-fields",
    part="recorder",
    summary="collects CONTINUATION frames without bound",
    breaks=("hostile-8",),
    shown_by=("recorder/hostile/h2-fields",),
    overlay={HTTP2: _Collects},
)
