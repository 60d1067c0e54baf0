"""A v2 recorder that writes its acks without asking for window."""

from __future__ import annotations

from hyperframe.frame import DataFrame

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Pushy(HTTP2):
    async def _send_body(self, stream_id: int, data: bytes) -> None:
        if data:
            self._write_soon(DataFrame(stream_id, data).serialize())


MUTANT = Mutant(
    name="recorder-ignores-windows",
    part="recorder",
    summary="sends acks beyond the client's window",
    breaks=("v2-11",),
    shown_by=("recorder/frames/window-in-bits", "recorder/frames/window-shut"),
    overlay={HTTP2: _Pushy},
)
