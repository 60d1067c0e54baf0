"""HTTP/1.1 and HTTP/2 as a recorder needs them: Hypercorn 0.18's protocols, narrowly overridden.

Three of its ways are put right here, and nowhere else:

1. It sends the interim 100 before the app can refuse. Here it goes out when the app first asks for
   the body, so an app that answers at once refuses without it (protocol, section 3).
2. An HTTP/2 answer that ends while the client still writes can take the connection down. Here it
   ends its own stream only: END_STREAM, then RST_STREAM with NO_ERROR (RFC 9113, section 8.1).
3. One stalled stream can stall its siblings. Here the connection's reader never waits for an app,
   and no stream's answer waits for another's. A stream's window is given back when its app took
   the data; the connection's window is given back on arrival, so a stalled stream holds at most
   its own `STREAM_WINDOW`. Priorities, long deprecated, are ignored.

There are neither WebSockets nor upgrades: ignoring the header is the legal refusal.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import replace
from string import punctuation
from typing import Any, TypeAlias, cast
from urllib.parse import quote_from_bytes

import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import h11
from hypercorn.events import Closed, Updated
from hypercorn.events import Event as ConnectionEvent
from hypercorn.protocol.events import Body, EndBody, Request, Response, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H2ProtocolAssumedError, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.typing import AppWrapper
from hypercorn.utils import filter_pseudo_headers
from hyperframe.frame import GoAwayFrame

from simulator.serving_limits import Bounded, Resets, TooManyResets

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGI: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

STREAM_WINDOW = 1 << 20
"""Bytes that one request may have in flight or unread; also the HTTP/1.1 body's read-ahead."""
FRAME_SIZE = 256 * 1024
CONNECTION_WINDOW = (1 << 31) - 1
CONNECTION_WINDOW_STEP = 16 << 20
HEADER_SIZE = 64 * 1024
_HOST = re.compile(
    rb"(\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z.%_~!$&'()*+,;=-]*)(:[0-9]*)?"  # RFC 3986, section 3.2.2
)


class Stream(HTTPStream):
    """One request. The app's `receive` takes what has arrived, all of it at once."""

    def __init__(
        self,
        *args: Any,
        first_receive: Callable[[], Awaitable[None]] | None = None,
        consumed: Callable[[int], None] | None = None,
        read_ahead: int = 0,
    ) -> None:
        super().__init__(*args)
        self._application = self.app
        self.app = cast("AppWrapper", self._run)
        self._first_receive = first_receive
        self._consumed = consumed
        self._read_ahead = read_ahead
        self._chunks: list[bytes] = []
        self._pending = 0
        self._ended = False
        self._gone = False
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()

    async def _run(self, scope: Scope, _: Receive, send: Send, *rest: Any) -> None:
        application = cast("Callable[..., Awaitable[None]]", self._application)
        await application(scope, self._receive, send, *rest)

    async def handle(self, event: StreamEvent) -> None:
        """Start the app, or keep what arrived for it; never waits for it, except in HTTP/1.1."""
        if isinstance(event, Body) and not event.data:
            return
        await super().handle(event)
        if isinstance(event, Request):
            self.app_put = self._put
        while self._read_ahead and self._pending >= self._read_ahead and not self._gone:
            self._room.clear()
            await self._room.wait()

    async def _put(self, message: Any) -> None:
        if message["type"] == "http.request":
            if message["body"]:
                self._chunks.append(message["body"])
                self._pending += len(message["body"])
            self._ended = not message["more_body"]
        else:
            self._gone = True
            self._room.set()
        self._arrived.set()

    async def _receive(self) -> Message:
        if self._first_receive is not None:
            first, self._first_receive = self._first_receive, None
            await first()
        while not self._chunks and not self._ended and not self._gone:
            self._arrived.clear()
            await self._arrived.wait()
        if not self._chunks and not self._ended:
            return {"type": "http.disconnect"}
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._pending = 0
        self._room.set()
        message = {"type": "http.request", "body": body, "more_body": not self._ended}
        self._ended = False
        if self._consumed is not None:
            self._consumed(len(body))
        return message


class HTTP1(H11Protocol):
    """HTTP/1.1: the interim 100 waits for the app, and early answers close the connection."""

    def __init__(self, *args: Any, http2: bool) -> None:
        super().__init__(*args)
        self._http2 = http2
        self._wanted = False

    async def _send_h11_event(self, event: Any) -> None:
        interim = isinstance(event, h11.InformationalResponse) and event.status_code == 100
        if not interim or self._wanted:
            await super()._send_h11_event(event)

    async def _continue(self) -> None:
        self._wanted = True
        if self.connection.they_are_waiting_for_100_continue:
            await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=[]))

    async def stream_send(self, event: StreamEvent) -> None:
        """Say `Connection: close` in an answer that comes before the request's end."""
        early = self.connection.their_state is h11.SEND_BODY
        if isinstance(event, Response) and event.status_code >= 200 and early:
            event = replace(event, headers=[*event.headers, (b"connection", b"close")])
        await super().stream_send(event)

    async def _check_protocol(self, event: h11.Request) -> None:
        # Upgrades to h2c or WebSocket are not for us: ignoring the header is the legal refusal.
        if self._http2 and event.method == b"PRI" and event.http_version == b"2.0":
            raise H2ProtocolAssumedError(
                b"PRI * HTTP/2.0\r\n\r\n" + self.connection.trailing_data[0]
            )

    def refusal(self, request: h11.Request) -> int | None:
        """Return the status with which a request is refused, whatever it asks for; None: it is not.

        h11 sees to the rest of RFC 9112, but takes any text for a Host (section 3.2), and goes on
        with a connection whose request has two ends (sections 6.1 and 6.3).
        """
        if request.http_version not in (b"1.0", b"1.1"):
            return 505
        fields = dict(request.headers)
        if b"transfer-encoding" in fields and (
            b"content-length" in fields or request.http_version == b"1.0"
        ):
            return 400
        return None if _HOST.fullmatch(fields.get(b"host", b"")) else 400

    async def _create_stream(self, request: h11.Request) -> None:
        refusal = self.refusal(request)
        if refusal is not None:
            await self._send_error_response(refusal)
            await self.send(Closed())
            return
        self._wanted = False
        self.stream = Stream(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            1,
            first_receive=self._continue,
            read_ahead=STREAM_WINDOW,
        )
        self.keep_alive_requests += 1
        await self.stream.handle(
            Request(
                stream_id=1,
                headers=list(request.headers),
                http_version=request.http_version.decode(),
                method=request.method.decode("ascii").upper(),
                raw_path=request.target,
                state=self.connection_state,
            )
        )


class H2(Bounded):
    """The state of a connection that outlives the client's GOAWAY (RFC 9113, section 6.8).

    It forbids us streams of our own, and we open none; the client's go on to their ends. h2 would
    send nothing more.
    """

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> Any:
        if frame.error_code == h2.errors.ErrorCodes.NO_ERROR:
            return [], []
        return super()._receive_goaway_frame(frame)


class HTTP2(H2Protocol):
    """HTTP/2: each stream has its own windows, its own sender and its own end."""

    state: type[h2.connection.H2Connection] = H2

    def __init__(self, *args: Any, write_soon: Callable[[bytes], None]) -> None:
        super().__init__(*args)
        self.connection = self.state(config=self.connection.config)
        self.connection.local_settings = h2.settings.Settings(
            client=False, initial_values=self._settings()
        )
        self.connection.max_inbound_frame_size = FRAME_SIZE
        self._write_soon = write_soon
        self._window_moved = asyncio.Event()
        self._uploading: set[int] = set()
        """Streams whose request has not ended."""
        self._answering: set[int] = set()
        """Streams whose answer has not ended."""
        self._owed: dict[int, int] = {}
        """Bytes by stream that the app took and that the window does not yet show."""
        self._connection_owed = 0
        self._resets = Resets(asyncio.get_running_loop().time)

    def _settings(self) -> dict[h2.settings.SettingCodes, int]:
        codes = h2.settings.SettingCodes
        return {
            codes.MAX_CONCURRENT_STREAMS: self.config.h2_max_concurrent_streams,
            codes.MAX_HEADER_LIST_SIZE: HEADER_SIZE,
            codes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            codes.MAX_FRAME_SIZE: FRAME_SIZE,
        }

    async def initiate(
        self, headers: list[tuple[bytes, bytes]] | None = None, settings: bytes | None = None
    ) -> None:
        """Greet the client; the connection's window is as large as can be."""
        assert headers is None
        assert settings is None
        self.connection.initiate_connection()
        self.connection.increment_flow_control_window(CONNECTION_WINDOW - 65_535)
        await self._flush()

    async def handle(self, event: ConnectionEvent) -> None:
        """Take bytes from the connection, or its end."""
        await super().handle(event)
        if isinstance(event, Closed):
            self._wake_senders()

    def say_goodbye(self) -> None:
        """Send GOAWAY, without waiting for the client to read it."""
        self.connection.close_connection()
        self._write_soon(self.connection.data_to_send())

    # --- what comes in ----------------------------------------------------------------------------

    async def _handle_events(self, events: list[h2.events.Event]) -> None:
        try:
            for event in events:
                await self._handle_event(event)
        except TooManyResets as error:
            self.connection.close_connection(error.error_code)
            await self._flush()
            await self.send(Closed())
        await self._flush()

    async def _handle_event(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            await self._create_stream(event)
            await self.send(Updated(idle=False))
        elif isinstance(event, h2.events.DataReceived):
            await self._data_received(event)
        elif isinstance(event, h2.events.StreamEnded):
            self._uploading.discard(event.stream_id)
            if event.stream_id in self.streams:
                await self.streams[event.stream_id].handle(EndBody(event.stream_id))
        elif isinstance(event, h2.events.StreamReset):
            self._forget(event.stream_id)
            await self._close_stream(event.stream_id)
            self._wake_senders()
            await self.send(Updated(idle=self.idle))
            self._resets.add()
        elif isinstance(event, h2.events.WindowUpdated | h2.events.RemoteSettingsChanged):
            self._wake_senders()
        elif isinstance(event, h2.events.ConnectionTerminated):
            await self.send(Closed())

    async def _create_stream(self, request: h2.events.RequestReceived) -> None:
        assert request.headers is not None
        stream_id = request.stream_id
        pseudo = {name: value for name, value in request.headers if name.startswith(b":")}
        stream = self.streams[stream_id] = Stream(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            stream_id,
            consumed=lambda size: self._give_back(stream_id, size),
        )
        self._uploading.add(stream_id)
        self._answering.add(stream_id)
        await stream.handle(
            Request(
                stream_id=stream_id,
                headers=filter_pseudo_headers(request.headers),
                http_version="2",
                method=pseudo[b":method"].decode("latin-1").upper(),
                # Hypercorn takes paths for ASCII; HTTP/1.1 has seen to that already.
                raw_path=quote_from_bytes(pseudo.get(b":path", b"*"), safe=punctuation).encode(),
                state=self.connection_state,
            )
        )

    async def _data_received(self, event: h2.events.DataReceived) -> None:
        stream_id, size = event.stream_id, event.flow_controlled_length
        assert size is not None
        assert event.data is not None
        self._connection_owed += size
        if self._connection_owed >= CONNECTION_WINDOW_STEP:
            with suppress(h2.exceptions.ProtocolError):  # the client said goodbye behind its data
                self.connection.increment_flow_control_window(self._connection_owed)
            self._connection_owed = 0
        if stream_id in self.streams:
            await self.streams[stream_id].handle(Body(stream_id, event.data))
            self._give_back(stream_id, size - len(event.data))  # padding needs no app

    def _give_back(self, stream_id: int, size: int) -> None:
        """Open the stream's window by what its app took, in steps of half a window."""
        owed = self._owed.get(stream_id, 0) + size
        if owed >= STREAM_WINDOW // 2 and stream_id in self._uploading:
            try:
                self.connection.increment_flow_control_window(owed, stream_id)
            except (KeyError, h2.exceptions.ProtocolError):
                return  # the stream or the connection ended meanwhile
            owed = 0
            # Not waited for: an app must get its data even when the client reads nothing.
            self._write_soon(self.connection.data_to_send())
        self._owed[stream_id] = owed

    # --- what goes out ----------------------------------------------------------------------------

    async def stream_send(self, event: StreamEvent) -> None:
        """Send one stream's answer, its headers at once, its body as far as its window goes."""
        stream_id = event.stream_id
        if isinstance(event, Body):
            await self._send_body(stream_id, event.data)
        elif isinstance(event, EndBody):
            await self._end(stream_id)
        else:
            if isinstance(event, StreamClosed):
                await self._end_unanswered(stream_id)
            await super().stream_send(event)

    async def _send_body(self, stream_id: int, data: bytes) -> None:
        sent = 0
        while sent < len(data) and not self.closed:
            try:
                window = self.connection.local_flow_control_window(stream_id)
                room = min(window, self.connection.max_outbound_frame_size, len(data) - sent)
                if room > 0:
                    self.connection.send_data(stream_id, data[sent : sent + room])
            except h2.exceptions.ProtocolError:
                return  # the stream is over; its app learns it from `receive`
            if room > 0:
                sent += room
                await self._flush()
            else:
                await self._window_moved.wait()

    async def _end(self, stream_id: int) -> None:
        try:
            self.connection.end_stream(stream_id)
            if stream_id in self._uploading:
                self.connection.reset_stream(stream_id, h2.errors.ErrorCodes.NO_ERROR)
        except h2.exceptions.ProtocolError:
            pass  # the client was first
        self._forget(stream_id)
        await self._flush()

    async def _end_unanswered(self, stream_id: int) -> None:
        if stream_id not in self._answering:
            return
        # The app ended without ending its answer: that must not look like a clean end.
        with suppress(h2.exceptions.ProtocolError):  # the client was first
            self.connection.reset_stream(stream_id, h2.errors.ErrorCodes.INTERNAL_ERROR)
        self._forget(stream_id)
        await self._flush()

    def _forget(self, stream_id: int) -> None:
        self._uploading.discard(stream_id)
        self._answering.discard(stream_id)
        self._owed.pop(stream_id, None)

    def _wake_senders(self) -> None:
        self._window_moved.set()
        self._window_moved = asyncio.Event()
