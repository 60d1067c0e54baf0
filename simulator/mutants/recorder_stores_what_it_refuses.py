"""A recorder that looks at the fields of a request once it has stored its body."""

from __future__ import annotations

from typing import Any

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import HTTP2, Receive, Scope, Send

_CONTROLS = {0, 10, 13}


class _Unchecked(HTTP2):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.connection.config.validate_inbound_headers = False


class _ChecksLate(Recorder):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = b"".join(name + value for name, value in scope["headers"])
        if not _CONTROLS & set(fields) or scope["method"] != "POST":
            await super().__call__(scope, receive, send)
            return
        upload = await self._open("v2", send)
        if upload is not None:
            await self._store(upload, receive)
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b""})


MUTANT = Mutant(
    name="recorder-stores-what-it-refuses",
    part="recorder",
    summary="answers 400 to a malformed request whose body it has stored already",
    breaks=("hostile-17",),
    shown_by=("recorder/hostile/h2-controls",),
    overlay={HTTP2: _Unchecked, Recorder: _ChecksLate},
)
