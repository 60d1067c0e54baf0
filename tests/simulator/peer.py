"""Clients at the wire for the tests of what serves: HTTP/2 by prior knowledge, raw HTTP/1.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

DEADLINE = 20.0


@dataclass
class Answer:
    """What came back on one stream."""

    status: int = 0
    body: bytearray = field(default_factory=bytearray)
    ended: bool = False
    reset: int | None = None


class H2Peer:
    """An HTTP/2 client that shows frames' effects as they come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        )
        self.answers: dict[int, Answer] = {}
        self.unread: set[int] = set()
        """Streams whose answers are never acknowledged: their window runs out."""
        self.goaway: int | None = None
        self.closed = False
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, address: str, *, window: int = 65_535) -> H2Peer:
        host, _, port = address.rpartition(":")
        peer = cls(*await asyncio.open_connection(host, int(port)))
        peer.h2.initiate_connection()
        peer.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        peer._flush()
        peer._task = asyncio.create_task(peer._read())
        return peer

    def _flush(self) -> None:
        if not self._writer.is_closing():
            self._writer.write(self.h2.data_to_send())

    async def _read(self) -> None:
        with suppress(OSError):
            while data := await self._reader.read(65_536):
                for event in self.h2.receive_data(data):
                    self._on(event)
                self._flush()
                self._changed.set()
        self.closed = True
        self._changed.set()

    def _on(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                self.answers[event.stream_id].status = _status(event)
            case h2.events.DataReceived():
                self.answers[event.stream_id].body += event.data or b""
                if event.stream_id not in self.unread:
                    size = event.flow_controlled_length or 0
                    self.h2.acknowledge_received_data(size, event.stream_id)
            case h2.events.StreamEnded():
                self.answers[event.stream_id].ended = True
            case h2.events.StreamReset():
                if self.answers[event.stream_id].reset is None:
                    self.answers[event.stream_id].reset = int(event.error_code or 0)
            case h2.events.ConnectionTerminated():
                self.goaway = int(event.error_code or 0)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until `true()` is, or fail at the deadline."""
        async with asyncio.timeout(DEADLINE):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    def request(self, method: str, path: str, *, end: bool = False) -> int:
        """Send a request head."""
        stream = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "http"), (":authority", "x"), (":path", path)]
        self.h2.send_headers(stream, head, end_stream=end)
        self.answers[stream] = Answer()
        self._flush()
        return stream

    def room(self, stream: int) -> int:
        """Say how many body bytes may be sent on `stream` now."""
        return self.h2.local_flow_control_window(stream)

    async def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send body bytes as the windows allow."""
        view = memoryview(data)
        while view:
            await self.until(lambda: self.room(stream) > 0 or self.closed)
            size = min(self.room(stream), self.h2.max_outbound_frame_size, len(view))
            self.h2.send_data(stream, bytes(view[:size]))
            view = view[size:]
            self._flush()
            async with asyncio.timeout(DEADLINE):
                await self._writer.drain()
        if end:
            self.h2.end_stream(stream)
            self._flush()

    def make_room(self, stream: int, size: int) -> None:
        """Let the server send `size` more bytes on `stream`."""
        self.h2.increment_flow_control_window(size, stream)
        self._flush()

    def cancel(self, stream: int) -> None:
        """Reset one stream."""
        self.h2.reset_stream(stream, 8)
        self._flush()

    async def close(self) -> None:
        """Leave at once."""
        self._writer.transport.abort()
        if self._task is not None:
            await self._task


def _status(event: h2.events.ResponseReceived) -> int:
    for name, value in event.headers or []:
        if name in (":status", b":status"):
            return int(value)
    raise AssertionError("an answer without a status")


class Raw:
    """A plain TCP client that says bytes and waits for bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, address: str) -> Raw:
        host, _, port = address.rpartition(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def until(self, end: bytes) -> bytes:
        async with asyncio.timeout(DEADLINE):
            return await self.reader.readuntil(end)

    async def head(self) -> bytes:
        return await self.until(b"\r\n\r\n")

    async def rest(self) -> bytes:
        async with asyncio.timeout(DEADLINE):
            return await self.reader.read()

    async def close(self) -> None:
        self.writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def serving(
    start: Callable[[asyncio.Event, Callable[[str], None]], Awaitable[None]],
) -> AsyncIterator[str]:
    """Run a server as `start(stop, listening)` and yield its address."""
    stop = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(start(stop, address.set_result))
    try:
        async with asyncio.timeout(DEADLINE):
            pending: set[asyncio.Future[Any]] = {task, address}
            await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        yield await address
    finally:
        stop.set()
        async with asyncio.timeout(DEADLINE):
            await task
