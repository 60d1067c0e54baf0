"""A recorder that says in a page why it cannot record, and answers 200 with it."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder, Upload
from simulator.serving_protocols import Message, Send


class _Polite(Recorder):
    async def _open(self, version: str, send: Send) -> Upload | None:
        async def polite(message: Message) -> None:
            start = message["type"] == "http.response.start"
            await send({**message, "status": 200} if start else message)

        return await super()._open(version, polite if version == "v1" else send)


MUTANT = Mutant(
    name="recorder-refuses-v1-with-200",
    part="recorder",
    summary="answers an upload over v1 that it cannot take with a final 200",
    breaks=("v1-7",),
    shown_by=("recorder/objects/shut-no-such-bucket",),
    overlay={Recorder: _Polite},
)
