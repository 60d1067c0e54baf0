"""A recorder that gives a client 30 s for the header line, as servers do for a request's head."""

from __future__ import annotations

import asyncio

from simulator.overlay import Mutant
from simulator.recorder import Recorder, Upload
from simulator.serving_protocols import Message, Receive
from simulator.storage import StorageError


class _HurriesHeader(Recorder):
    async def _store(self, upload: Upload, receive: Receive) -> bool:
        async def in_time() -> Message:
            try:
                async with asyncio.timeout(None if upload.received else 30):
                    return await receive()
            except TimeoutError:
                raise StorageError("nothing came for 30 s") from None

        return await super()._store(upload, in_time)


MUTANT = Mutant(
    name="recorder-hurries-header",
    part="recorder",
    summary="fails an upload whose header line does not begin within 30 s",
    breaks=("streaming-6",),
    shown_by=("recorder/streaming/late-header-v1", "recorder/streaming/late-header-v2"),
    overlay={Recorder: _HurriesHeader},
)
