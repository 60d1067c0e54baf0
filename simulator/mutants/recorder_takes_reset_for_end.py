"""A recorder that takes a stream's reset for the end of its body, and answers it."""

from __future__ import annotations

from typing import Any

import h2.events
from hypercorn.protocol.events import EndBody
from hyperframe.frame import DataFrame

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _TakesForEnd(HTTP2):
    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._reset: set[int] = set()

    async def _handle_events(self, events: list[h2.events.Event]) -> None:
        rest: list[h2.events.Event] = []
        for event in events:
            stream = getattr(event, "stream_id", 0)
            if isinstance(event, h2.events.StreamReset) and stream in self._answering:
                self._reset.add(stream)
                self._uploading.discard(stream)
                await self.streams[stream].handle(EndBody(stream))
            else:
                rest.append(event)
        await super()._handle_events(rest)

    async def _send_body(self, stream_id: int, data: bytes) -> None:
        if stream_id in self._reset:
            self._write_soon(DataFrame(stream_id, data).serialize())
        else:
            await super()._send_body(stream_id, data)

    async def _end(self, stream_id: int) -> None:
        if stream_id in self._reset:
            self._write_soon(DataFrame(stream_id, b"", flags=["END_STREAM"]).serialize())
        await super()._end(stream_id)


MUTANT = Mutant(
    name="recorder-takes-reset-for-end",
    part="recorder",
    summary="takes a stream that is reset for one that is complete, and answers to its end",
    breaks=("v2-17",),
    shown_by=("recorder/losses/stream",),
    overlay={HTTP2: _TakesForEnd},
)
