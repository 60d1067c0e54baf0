"""A recorder whose framework knows bodies by their type only."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Receive, Scope, Send


class _WantsType(Recorder):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST" and b"content-type" not in dict(scope["headers"]):
            await send({"type": "http.response.start", "status": 415, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await super().__call__(scope, receive, send)


MUTANT = Mutant(
    name="recorder-wants-type",
    part="recorder",
    summary="refuses an upload without a Content-Type",
    breaks=("streaming-9",),
    shown_by=("recorder/streaming/plain-v1", "recorder/streaming/plain-v2"),
    overlay={Recorder: _WantsType},
)
