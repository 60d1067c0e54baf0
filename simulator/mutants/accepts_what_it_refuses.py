"""A recorder that answers 200 whatever happens, and tells of its troubles in the body."""

from __future__ import annotations

import msgspec

from conformance.wire import AckFrame
from simulator.overlay import Mutant
from simulator.recorder import Recorder, Upload
from simulator.serving_protocols import Message, Send


class _Accepts(Recorder):
    async def _open(self, version: str, send: Send) -> Upload | None:
        async def accepting(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "status": 200, "headers": []}
            else:
                why = message["body"].decode().strip()
                message = {**message, "body": msgspec.json.encode(AckFrame(error=why))}
            await send(message)

        return await super()._open(version, accepting if version == "v2" else send)


MUTANT = Mutant(
    name="recorder-accepts-what-it-refuses",
    part="recorder",
    summary="answers 200 to an upload that it cannot take, and an error frame after it",
    breaks=("v2-6", "storage-14"),
    shown_by=("recorder/disks/no-folder-v2", "recorder/disks/read-only-v2"),
    overlay={Recorder: _Accepts},
)
