"""A recorder behind a layer with an idle time-out, as proxies have."""

from __future__ import annotations

import asyncio

from simulator.overlay import Mutant
from simulator.recorder import Recorder, Upload
from simulator.serving_protocols import Message, Receive
from simulator.storage import StorageError


class _EndsWhatIdles(Recorder):
    async def _store(self, upload: Upload, receive: Receive) -> bool:
        async def in_time() -> Message:
            try:
                async with asyncio.timeout(30):
                    return await receive()
            except TimeoutError:
                raise StorageError("nothing came for 30 s") from None

        return await super()._store(upload, in_time)


MUTANT = Mutant(
    name="recorder-ends-what-idles",
    part="recorder",
    summary="fails an upload over which nothing comes for 30 s",
    breaks=("streaming-7",),
    shown_by=("recorder/streaming/idle-v1", "recorder/streaming/idle-v2"),
    overlay={Recorder: _EndsWhatIdles},
)
