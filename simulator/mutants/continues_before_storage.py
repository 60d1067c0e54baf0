"""A recorder whose HTTP library says 100 before anybody has looked at storage."""

from __future__ import annotations

import asyncio

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Message, Receive, Send


class _Continues(Recorder):
    async def _record_v1(self, receive: Receive, send: Send) -> None:
        first = asyncio.ensure_future(receive())  # this is what makes the library say 100
        await asyncio.sleep(0)

        async def again() -> Message:
            return await (first if not first.done() or _fresh() else receive())

        taken = False

        def _fresh() -> bool:
            nonlocal taken
            was, taken = taken, True
            return not was

        try:
            await super()._record_v1(again, send)
        finally:
            first.cancel()


MUTANT = Mutant(
    name="recorder-continues-before-storage",
    part="recorder",
    summary="sends the interim 100 first, and refuses what it cannot store after it",
    breaks=("v1-7", "storage-14"),
    shown_by=("recorder/disks/no-folder-v1", "recorder/disks/read-only-v1"),
    overlay={Recorder: _Continues},
)
