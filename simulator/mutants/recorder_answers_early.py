"""A v1 recorder that takes the first piece of a body for all of it."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Message, Receive, Send


class _Early(Recorder):
    async def _record_v1(self, receive: Receive, send: Send) -> None:
        async def first() -> Message:
            return {**await receive(), "more_body": False}

        await super()._record_v1(first, send)


MUTANT = Mutant(
    name="recorder-answers-early",
    part="recorder",
    summary="answers a v1 upload with 200 after its first bytes",
    breaks=("v1-3",),
    shown_by=("recorder/v1/final",),
    overlay={Recorder: _Early},
)
