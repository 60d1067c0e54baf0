"""A recorder behind a layer that compresses answers, and waits until it pays."""

from __future__ import annotations

import zlib

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.serving_protocols import Message, Receive, Scope, Send


class _Compresses(Recorder):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        offered = b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
        packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)

        async def compressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"content-encoding", b"gzip")]
                await send({**message, "headers": headers})
                return
            data = packer.compress(message["body"])
            if not message.get("more_body"):
                data += packer.flush()
            await send({**message, "body": data})

        await super().__call__(scope, receive, compressed if offered else send)


MUTANT = Mutant(
    name="recorder-compresses-acks",
    part="recorder",
    summary="compresses answers when the client offers it, without flushing",
    breaks=("acks-16", "acks-2"),
    shown_by=("recorder/acks/gzip",),
    overlay={Recorder: _Compresses},
)
