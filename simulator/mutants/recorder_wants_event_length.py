"""A recorder that must know how long an event is before it reads it."""

from __future__ import annotations

from conformance.wire import V2_EVENT
from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Receive, Scope, Send

_LENGTH_REQUIRED = 411


class _WantsLength(Recorder):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        post = scope["path"] == V2_EVENT and scope["method"] == "POST"
        if not post or b"content-length" in dict(scope["headers"]):
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": _LENGTH_REQUIRED, "headers": []})
        await send({"type": "http.response.body", "body": b""})


MUTANT = Mutant(
    name="recorder-wants-event-length",
    part="recorder",
    summary="refuses events that come in chunks with 411",
    breaks=("event-17",),
    shown_by=("recorder/events/taken",),
    overlay={Recorder: _WantsLength},
)
