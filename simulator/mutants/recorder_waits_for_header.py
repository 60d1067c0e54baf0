"""A v2 recorder that wants to see the header line before it says 200."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Message, Receive, Send


class _Cautious(Recorder):
    async def _record_v2(self, receive: Receive, send: Send) -> None:
        first = [await receive()]

        async def again() -> Message:
            return first.pop() if first else await receive()

        await super()._record_v2(again, send)


MUTANT = Mutant(
    name="recorder-waits-for-header",
    part="recorder",
    summary="sends the 200 of v2 after the first body bytes",
    breaks=("v2-2",),
    shown_by=("recorder/v2/before-body",),
    overlay={Recorder: _Cautious},
)
