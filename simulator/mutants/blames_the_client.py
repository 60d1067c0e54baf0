"""A recorder that answers 400 when its own storage fails."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Message, Receive, Send


class _Blames(Recorder):
    async def _record_v1(self, receive: Receive, send: Send) -> None:
        async def blaming(message: Message) -> None:
            if message.get("status") == 500:
                message = {**message, "status": 400}
            await send(message)

        await super()._record_v1(receive, blaming)


MUTANT = Mutant(
    name="recorder-blames-the-client",
    part="recorder",
    summary="answers 400 when it fails to store what it has taken",
    breaks=("v1-15",),
    shown_by=("recorder/disks/full-v1", "recorder/disks/folder-lost-v1"),
    overlay={Recorder: _Blames},
)
