"""A recorder that leaves it to the client to end the exchange, and acks on."""

from __future__ import annotations

import asyncio

from simulator.overlay import Mutant
from simulator.recorder import Acks, Recorder, Upload
from simulator.serving_protocols import Receive


class _NeverEnds(Recorder):
    async def _store_acking(self, upload: Upload, acks: Acks, receive: Receive) -> bool:
        complete = await super()._store_acking(upload, acks, receive)
        gone = False
        while not gone:
            await acks.ack()
            try:
                async with asyncio.timeout(acks.cadence):
                    gone = (await receive())["type"] == "http.disconnect"
            except TimeoutError:
                pass
        return complete


MUTANT = Mutant(
    name="recorder-never-ends",
    part="recorder",
    summary="does not end its answer after the end of the body",
    breaks=("streaming-12",),
    shown_by=("recorder/streaming/end",),
    overlay={Recorder: _NeverEnds},
)
