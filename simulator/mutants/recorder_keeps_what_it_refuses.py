"""A recorder behind a layer that files every body before anybody looked where it belongs."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Message, Receive, Scope, Send


class _KeepsRefused(Recorder):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("HEAD", "GET") or scope["method"] in self._methods(scope["path"]):
            await super().__call__(scope, receive, send)
            return
        recording, message = await self._storage.open(), await receive()
        while message["type"] == "http.request":
            await recording.append(message["body"])
            if not message["more_body"]:
                break
            message = await receive()
        await recording.finish(complete=True)
        await super().__call__(scope, _nothing, send)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


MUTANT = Mutant(
    name="recorder-keeps-what-it-refuses",
    part="recorder",
    summary="stores bodies that come to wrong paths and by wrong methods, and refuses them then",
    breaks=("hostile-17",),
    shown_by=("recorder/refusals/v1", "recorder/refusals/v2"),
    overlay={Recorder: _KeepsRefused},
)
