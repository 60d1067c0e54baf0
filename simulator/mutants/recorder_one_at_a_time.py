"""A v1 recorder that serves one upload after the other."""

from __future__ import annotations

import asyncio
from typing import Any

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Receive, Send


class _Queue(Recorder):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._turn = asyncio.Lock()

    async def _record_v1(self, receive: Receive, send: Send) -> None:
        async with self._turn:
            await super()._record_v1(receive, send)


MUTANT = Mutant(
    name="recorder-one-at-a-time",
    part="recorder",
    summary="takes a v1 upload when the one before is over",
    breaks=("streaming-14",),
    shown_by=("recorder/frames/hundred-connections",),
    overlay={Recorder: _Queue},
)
