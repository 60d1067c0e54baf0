"""One request and its answer over HTTP/1.1, on a connection that is open already."""

from __future__ import annotations

import asyncio

import h11
import msgspec

LONGEST_ANSWER = 1 << 20
"""Bytes of an answer's body that we are ready to read."""


class Answer(msgspec.Struct, frozen=True):
    """A final answer, whole."""

    status: int
    body: bytes


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: h11.Request, body: bytes
) -> Answer:
    """Send a request and read its answer to the end.

    Raises OSError and h11.ProtocolError when the connection breaks or what comes is no answer,
    ValueError when it is too long.
    """
    http = h11.Connection(h11.CLIENT)
    events = [request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
    writer.write(b"".join(http.send(event) or b"" for event in events))
    await writer.drain()
    status = 0
    answer = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(1 << 16))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            answer += event.data
            if len(answer) > LONGEST_ANSWER:
                raise ValueError(f"the answer is longer than {LONGEST_ANSWER} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, bytes(answer))
