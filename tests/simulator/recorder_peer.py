"""A small recorder for the tests of what uploads: HTTP/2 or HTTP/1.1, to order, by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import h11

DEADLINE = 20.0


@dataclass
class Order:
    """How the recorder is to behave; an absent status is silence."""

    v2: bool = True
    """Without it the preface is answered as HTTP/1.1 servers do."""
    probe_status: int | None = 200
    post_status: int | None = 200
    """v2: the status; v1: 200 means the interim 100, anything else is final."""
    finish: bool = True
    """Ack the total and end the answer (v2), or answer `final_status` (v1), at the body's end."""
    final_status: int = 200
    close: bool = True
    """Close the connection after the preface was answered as HTTP/1.1."""
    credit: bool = True
    """Give flow control back (v2)."""
    window: int = 65_535
    on_body: Callable[[Upload, bytes], None] | None = None


@dataclass
class Upload:
    """One recording as it arrives, and the means to answer it."""

    version: str
    connection: asyncio.Protocol
    stream: int
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in bytes(self.body).splitlines()]

    @property
    def output(self) -> str:
        return "".join(line[2] for line in self.lines[1:] if line[1] == "o")

    async def until(self, found: Callable[[Upload], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not found(self):
                self.changed.clear()
                await self.changed.wait()

    @property
    def h2(self) -> H2Recorder:
        assert isinstance(self.connection, H2Recorder)
        return self.connection

    @property
    def h1(self) -> H1Recorder:
        assert isinstance(self.connection, H1Recorder)
        return self.connection


class Recorder:
    """Listens; `order` may be changed at any time."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.address = ""
        self.requests: list[tuple[str, str, str]] = []
        self.connections = 0
        self.uploads: list[Upload] = []
        self.transports: list[asyncio.Transport] = []
        self.settings: dict[int, int] = {}
        self._changed = asyncio.Event()

    def note(self, http: str, method: str, path: str) -> None:
        self.requests.append((http, method, path))
        self._changed.set()

    def add(self, upload: Upload) -> None:
        self.uploads.append(upload)
        self._changed.set()

    async def upload(self, number: int = 0) -> Upload:
        async with asyncio.timeout(DEADLINE):
            while len(self.uploads) <= number:
                self._changed.clear()
                await self._changed.wait()
        return self.uploads[number]

    async def request(self, method: str) -> None:
        async with asyncio.timeout(DEADLINE):
            while not any(request[1] == method for request in self.requests):
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def recorder(order: Order | None = None, host: str = "127.0.0.1") -> AsyncIterator[Recorder]:
    site = Recorder(order or Order())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _First(site), host, 0)
    site.address = "{}:{}".format(*server.sockets[0].getsockname()[:2])
    try:
        yield site
    finally:
        server.close()
        for transport in site.transports:
            transport.abort()
        await server.wait_closed()


class _First(asyncio.Protocol):
    """Finds out which HTTP is spoken."""

    def __init__(self, site: Recorder) -> None:
        self._site = site

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._site.connections += 1
        self._site.transports.append(self._transport)

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"PRI "):
            chosen: asyncio.Protocol = H1Recorder(self._site, self._transport)
        elif self._site.order.v2:
            chosen = H2Recorder(self._site, self._transport)
        else:
            self._site.note("1.1", "PRI", "*")
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            if self._site.order.close:
                self._transport.close()
            return
        self._transport.set_protocol(chosen)
        chosen.data_received(data)


class H2Recorder(asyncio.Protocol):
    def __init__(self, site: Recorder, transport: asyncio.Transport) -> None:
        self.site, self.transport = site, transport
        self.http = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        self.http.local_settings = h2.settings.Settings(
            client=False,
            initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: site.order.window},
        )
        self.http.initiate_connection()
        self.uploads: dict[int, Upload] = {}
        self._uncredited = 0

    def flush(self) -> None:
        self.transport.write(self.http.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self.http.receive_data(data):
            self._on(event)
        self.flush()

    def _on(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.site.settings = {int(k): v.new_value for k, v in event.changed_settings.items()}
        elif isinstance(event, h2.events.RequestReceived):
            headers = {str(k): str(v) for k, v in event.headers or ()}
            self._request(event.stream_id or 0, headers)
        elif isinstance(event, h2.events.DataReceived):
            upload = self.uploads[event.stream_id or 0]
            upload.body += event.data or b""
            upload.changed.set()
            if self.site.order.credit and event.flow_controlled_length:
                self.http.acknowledge_received_data(
                    event.flow_controlled_length, event.stream_id or 0
                )
            else:
                self._uncredited += event.flow_controlled_length or 0
            if self.site.order.on_body:
                self.site.order.on_body(upload, event.data or b"")
        elif isinstance(event, h2.events.StreamEnded) and event.stream_id in self.uploads:
            upload = self.uploads[event.stream_id]
            upload.ended.set()
            if self.site.order.finish:
                self.answer(upload, b'{"ack": %d}\n' % len(upload.body), end=True)

    def _request(self, stream: int, headers: dict[str, str]) -> None:
        order = self.site.order
        method = headers[":method"]
        self.site.note("2", method, headers[":path"])
        status = order.probe_status if method == "HEAD" else order.post_status
        if method == "POST":
            self.uploads[stream] = Upload("v2", self, stream, headers)
            self.site.add(self.uploads[stream])
        if status is not None:
            self.http.send_headers(
                stream,
                [(":status", str(status))],
                end_stream=method == "HEAD" or status != 200,
            )

    def accept(self, upload: Upload, *headers: tuple[str, str]) -> None:
        self.http.send_headers(upload.stream, [(":status", "200"), *headers])
        self.flush()

    def answer(self, upload: Upload, data: bytes, *, end: bool = False) -> None:
        self.http.send_data(upload.stream, data, end_stream=end)
        self.flush()

    def reset(self, upload: Upload, code: int = h2.errors.ErrorCodes.CANCEL) -> None:
        self.http.reset_stream(upload.stream, code)
        self.flush()

    def goaway(self, code: int, last_stream: int) -> None:
        # Written by hand, as the library takes its own GOAWAY for the end.
        payload = last_stream.to_bytes(4, "big") + code.to_bytes(4, "big")
        self.flush()
        self.transport.write(b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + payload)

    def give_credit(self, upload: Upload) -> None:
        self.site.order.credit = True
        taken, self._uncredited = self._uncredited, 0
        self.http.acknowledge_received_data(taken, upload.stream)
        self.flush()


class H1Recorder(asyncio.Protocol):
    def __init__(self, site: Recorder, transport: asyncio.Transport) -> None:
        self.site, self.transport = site, transport
        self.http = h11.Connection(h11.SERVER)
        self.upload: Upload | None = None

    def data_received(self, data: bytes) -> None:
        self.http.receive_data(data)
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Request):
                self._request(event)
            elif isinstance(event, h11.Data) and self.upload:
                self.upload.body += event.data
                self.upload.changed.set()
                if self.site.order.on_body:
                    self.site.order.on_body(self.upload, bytes(event.data))
            elif isinstance(event, h11.EndOfMessage) and self.upload:
                self.upload.ended.set()
                if self.site.order.finish:
                    self.final(self.site.order.final_status)
                return

    def _request(self, event: h11.Request) -> None:
        self.site.note("1.1", event.method.decode(), event.target.decode())
        headers = {k.decode().lower(): v.decode() for k, v in event.headers}
        self.upload = Upload("v1", self, 0, headers)
        self.site.add(self.upload)
        status = self.site.order.post_status
        if status == 200:
            self.proceed()
        elif status is not None:
            self.final(status)

    def proceed(self) -> None:
        self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def final(self, status: int) -> None:
        self.transport.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
