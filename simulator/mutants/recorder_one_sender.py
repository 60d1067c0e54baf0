"""A v2 recorder with one sender a connection, which waits for the window of whoever is first."""

from __future__ import annotations

import asyncio
from typing import Any

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _InTurn(HTTP2):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._turn = asyncio.Lock()

    async def _send_body(self, stream_id: int, data: bytes) -> None:
        async with self._turn:
            await super()._send_body(stream_id, data)


MUTANT = Mutant(
    name="recorder-one-sender",
    part="recorder",
    summary="holds up all streams of a connection while one is not read",
    breaks=("streaming-14",),
    shown_by=("recorder/frames/standing-still",),
    overlay={HTTP2: _InTurn},
)
