"""A recorder that files the body of every POST, and then looks where it was sent to."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Receive, Scope, Send


class _Files(Recorder):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST" and not self._methods(scope["path"]):
            upload = await self._open("v1", send)
            assert upload is not None
            await self._store(upload, receive)
        await super().__call__(scope, receive, send)


MUTANT = Mutant(
    name="recorder-files-what-it-refuses",
    part="recorder",
    summary="stores uploads to paths that it does not have, and answers them with 404",
    breaks=("hostile-17",),
    shown_by=("recorder/hostile/h1-refused",),
    overlay={Recorder: _Files},
)
