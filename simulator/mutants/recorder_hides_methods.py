"""A recorder that refuses a method without saying which there are."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Message, Receive, Scope, Send


class _Terse(Recorder):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def without(message: Message) -> None:
            headers = [pair for pair in message.get("headers", ()) if pair[0] != b"allow"]
            await send({**message, "headers": headers})

        await super().__call__(scope, receive, without)


MUTANT = Mutant(
    name="recorder-hides-methods",
    part="recorder",
    summary="answers 405 without Allow",
    breaks=("v1-16",),
    shown_by=("recorder/v1/methods", "recorder/v2/methods"),
    overlay={Recorder: _Terse},
)
