"""One port that serves HTTP/1.1 and HTTP/2 by prior knowledge to an ASGI app.

Hypercorn 0.18 does the work, with the protocols of `simulator/serving_protocols.py`, which says
what is put right and why. Besides, an early HTTP/1.1 answer is not lost to a TCP reset (the rest
of the request is read and thrown away for `LINGER` seconds), and silent uploads never time out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, RawData
from hypercorn.events import Event as ConnectionEvent
from hypercorn.protocol.h11 import H2ProtocolAssumedError
from hypercorn.typing import AppWrapper
from hypercorn.typing import ConnectionState as HypercornState
from hypercorn.utils import parse_socket_addr

from simulator.overlay import Overlay
from simulator.serving_protocols import ASGI, HEADER_SIZE, HTTP1, HTTP2, Receive, Scope, Send

READ_SIZE = 256 * 1024
LINGER = 1.0
"""Seconds that a connection which we end is still read, so that its last answer arrives."""
GRACE = 0.5
"""Seconds that apps have to finish when the server stops."""

_logger = logging.getLogger("simulator.serving")


class Connection(TCPServer):
    """One TCP connection: HTTP/1.1 until the HTTP/2 preface shows up."""

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: WorkerContext,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        http2: bool,
        overlay: Overlay,
    ) -> None:
        super().__init__(app, asyncio.get_running_loop(), config, context, {}, reader, writer)
        self.protocol: Any = None
        self._http2 = http2
        self._overlay = overlay
        self._closing = False

    async def run(self) -> None:
        """Serve until the client is gone and all its requests are over."""
        try:
            async with TaskGroup(self.loop) as task_group:
                self._task_group = task_group
                self.protocol = self._overlay(HTTP1)(*self._arguments(), http2=self._http2)
                await self.idle_task.restart(task_group, self._idle_timeout)
                await self._read_data()
        except OSError:
            pass  # the connection broke; its requests were told
        finally:
            self.writer.close()
            await self.idle_task.stop()

    def _arguments(self) -> tuple[Any, ...]:
        sock = self.writer.get_extra_info("socket")
        client, server = self.writer.get_extra_info("peername"), sock.getsockname()
        return (
            self.app,
            self.config,
            self.context,
            self._task_group,
            HypercornState({}),
            False,
            parse_socket_addr(sock.family, client) if client else None,
            parse_socket_addr(sock.family, server),
            self.protocol_send,
        )

    async def _read_data(self) -> None:
        while not self.reader.at_eof():
            try:
                data = await self.reader.read(READ_SIZE)
            except OSError:
                break
            if not self._closing:
                await self._take(data)
        self._closing = True
        await self.idle_task.stop()
        await self.protocol.handle(Closed())
        self._close_soon(self.writer.close)

    async def _take(self, data: bytes) -> None:
        try:
            await self.protocol.handle(RawData(data))
        except H2ProtocolAssumedError as preface:
            protocol = self._overlay(HTTP2)
            http2 = protocol(*self._arguments(), write_soon=self._write_soon)
            self.protocol = http2
            await http2.initiate()
            await http2.handle(RawData(preface.data))

    async def protocol_send(self, event: ConnectionEvent) -> None:
        """Carry out what a protocol wants of the connection."""
        if isinstance(event, Closed):
            self._half_close()
        elif isinstance(event, RawData) or not self._closing:
            await super().protocol_send(event)

    def _write_soon(self, data: bytes) -> None:
        if data and not self._closing and not self.writer.is_closing():
            self.writer.write(data)

    def _half_close(self) -> None:
        """Send what is left and the end; the client has `LINGER` seconds to end its side."""
        if not self._closing:
            self._closing = True
            self._close_soon(self.writer.write_eof)

    def _close_soon(self, how: Callable[[], None]) -> None:
        with suppress(OSError, RuntimeError):  # closed already
            how()
        self.loop.call_later(LINGER, self.writer.transport.abort)

    async def stop(self) -> None:
        """Tell the client and the apps that it is over."""
        if self.protocol is None:
            return  # not one byte was read yet
        if isinstance(self.protocol, HTTP2):
            self.protocol.say_goodbye()
        await self.protocol.handle(Closed())
        self._closing = True
        self._close_soon(self.writer.close)


def _config() -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = _logger
    config.include_server_header = False
    config.h11_max_incomplete_size = HEADER_SIZE
    config.h2_max_concurrent_streams = 4096
    config.keep_alive_timeout = 75
    config.keep_alive_max_requests = 1 << 62
    return config


class _Server:
    """All connections of one port."""

    def __init__(self, app: ASGI, *, http2: bool, overlay: Overlay) -> None:
        self._app = app
        self._http2 = http2
        self._overlay = overlay
        self._config = _config()
        self._context = WorkerContext(None)
        self._connections: dict[asyncio.Task[None], Connection] = {}

    async def _wrapped(
        self, scope: Scope, receive: Receive, send: Send, _spawn: object, _call: object
    ) -> None:
        await self._app(scope, receive, send)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new connection in a task of its own."""
        connection = self._overlay(Connection)(
            cast("AppWrapper", self._wrapped),
            self._config,
            self._context,
            reader,
            writer,
            http2=self._http2,
            overlay=self._overlay,
        )
        task = asyncio.get_running_loop().create_task(connection.run())
        self._connections[task] = connection
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        connection = self._connections.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A defect of ours ends the connection that met it, not the server.
            _logger.error("a connection failed", exc_info=error)
            connection.writer.transport.abort()

    async def stop(self) -> None:
        """End all connections: politely, and after `GRACE` seconds anyway."""
        await self._context.terminated.set()
        for connection in list(self._connections.values()):
            await connection.stop()
        if self._connections:
            await asyncio.wait(list(self._connections), timeout=GRACE)
        left = dict(self._connections)
        for task, connection in left.items():
            connection.writer.transport.abort()
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def serve(
    app: ASGI,
    host: str,
    port: int,
    *,
    stop: asyncio.Event,
    listening: Callable[[str], None],
    http2: bool = True,
    overlay: Overlay = Overlay(),  # noqa: B008 - it holds nothing that changes
) -> None:
    """Serve `app` on `host` and `port` (0: any free one) until `stop` is set.

    `listening` is called once, with the address as ``host:port``. Without `http2` the server
    meets the HTTP/2 preface as one does that knows HTTP/1.1 only: 505, and the connection ends.
    Live connections are ended within a second of `stop`; requests that still run then see
    ``http.disconnect`` and are cancelled `GRACE` seconds later. Raises OSError when the address
    cannot be listened on.
    """
    connections = _Server(app, http2=http2, overlay=overlay)
    server = await asyncio.start_server(
        connections.accept, host, port, limit=READ_SIZE, backlog=1024
    )
    try:
        bound = server.sockets[0].getsockname()[1]
        listening(f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}")
        await stop.wait()
    finally:
        server.close()
        await connections.stop()
