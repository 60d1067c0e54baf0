"""One connection to a recorder: the HTTP half of the asyncio driver of `simulator.client`.

The core says dial, probe, open, send, close and cancel; this module does them on one TCP
connection and tells the core what came of it, in the core's own events. What HTTP means to either
protocol version stands in `upload_v1` and `upload_v2`; here is what both share: the connection,
which event a failure becomes at which stage, and when output counts as handed over.

**Handed over** means that every byte sent so far is in the kernel: nothing waits for the flow
control of HTTP/2 and nothing lies in the transport's buffer. That is the latest moment that a
process can see; what reaches the recorder after it is the network's business.

Sources: protocol sections 3 and 4.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol, cast

from simulator.client_steps import (
    AckReceived,
    AnswerEnded,
    Connected,
    DialFailed,
    ErrorReceived,
    Event,
    Handed,
    Opened,
    OpenFailed,
    Probed,
    UploadLost,
)
from simulator.upload_v1 import V1
from simulator.upload_v2 import V2

Tell = Callable[[Event], None]


class Half(Protocol):
    """What both protocol versions do on a connection."""

    @property
    def all_out(self) -> bool:
        """True when everything sent was written to the connection."""

    def open(self) -> None:
        """Ask the recorder to take the recording."""

    def send(self, data: bytes) -> None:
        """Send a part of the body."""

    def close_body(self) -> None:
        """End the body."""

    def flush(self) -> None:
        """Write what had to wait."""

    def received(self, data: bytes) -> None:
        """Take in what the recorder sent."""

    def goodbye(self) -> None:
        """Take leave after a clean end."""


class Stage(Enum):
    """What a failure would mean just now."""

    DIALLING = auto()
    IDLE = auto()
    PROBING = auto()
    OPENING = auto()
    STREAMING = auto()
    ENDED = auto()
    """The answer ended cleanly."""
    OVER = auto()
    """Failed or cancelled: nothing more is told."""


class Upload(asyncio.Protocol):
    """Operation `op` of one session; `tell` takes the core's events.

    `source_addr` is the local address to dial from; empty means any.
    """

    def __init__(self, op: int, tell: Tell, source_addr: str = "") -> None:
        self.op = op
        self.stage = Stage.DIALLING
        self.address = ""
        self.gone = asyncio.get_running_loop().create_future()
        """Done when nothing of the connection is left."""
        self._tell = tell
        self._source_addr = source_addr
        self._dialling: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._half: Half | None = None
        self._paused = False
        self._unsaid = False
        self._broken = ""
        self._early = b""

    # --- what the core asks for -----------------------------------------------------------------

    def dial(self, address: str) -> None:
        """Connect to `address` (``ip:port``); `Connected` or `DialFailed` follows."""
        self.address = address
        self._dialling = asyncio.get_running_loop().create_task(self._dial())
        self._dialling.add_done_callback(self._dial_done)

    def probe(self) -> None:
        """Ask for v2 on this connection; `Probed` follows."""
        half = self.v2()
        self._half = half
        self._begin(Stage.PROBING, half.probe)

    def open(self, *, v2: bool) -> None:
        """Start the upload; `Opened` or `OpenFailed` follows."""
        if not v2:
            self._half = self.v1()
        assert self._half is not None
        self._begin(Stage.OPENING, self._half.open)

    def send(self, data: bytes) -> None:
        """Send a part of the body; `Handed` follows when it is in the kernel."""
        if self.stage is Stage.STREAMING and self._half is not None:
            self._unsaid = True
            self._half.send(data)
            self._say_handed()

    def close_body(self) -> None:
        """End the body; `AnswerEnded` or `UploadLost` follows."""
        if self.stage is Stage.STREAMING and self._half is not None:
            self._half.close_body()

    def cancel(self) -> None:
        """Drop the connection; nothing more is told."""
        ended = self.stage is Stage.ENDED
        self.stage = Stage.OVER
        if self._dialling is not None and not self._dialling.done():
            self._dialling.cancel()
        elif self._transport is None:
            self._leave()
        elif ended and not self._paused and self._half is not None:
            self._half.goodbye()
            self._transport.close()
        else:
            self._transport.abort()

    # --- seams ----------------------------------------------------------------------------------

    def v1(self) -> V1:
        """Build the HTTP/1.1 half."""
        return V1(self, self.address)

    def v2(self) -> V2:
        """Build the HTTP/2 half."""
        return V2(self, self.address)

    # --- what the halves report -----------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Write to the connection."""
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    @property
    def paused(self) -> bool:
        """True while bytes wait in the transport for the kernel to take them."""
        return self._paused

    def probed(self, *, v2: bool) -> None:
        """The probe was answered."""
        if self.stage is Stage.PROBING:
            self.stage = Stage.IDLE
            self._tell(Probed(self.op, v2))

    def opened(self) -> None:
        """The recorder takes the recording."""
        if self.stage is Stage.OPENING:
            self.stage = Stage.STREAMING
            self._tell(Opened(self.op))

    def ack(self, number: int) -> None:
        """An ack frame came."""
        if self.stage is Stage.STREAMING:
            self._tell(AckReceived(self.op, number))

    def error(self, message: str) -> None:
        """An error frame came: the last one that counts."""
        if self.stage is Stage.STREAMING:
            self.stage = Stage.OVER
            self._tell(ErrorReceived(self.op, message))

    def ended(self) -> None:
        """The answer ended cleanly."""
        if self.stage is Stage.STREAMING:
            self.stage = Stage.ENDED
            self._tell(AnswerEnded(self.op))

    def failed(self, why: str) -> None:
        """Something went wrong; what that means depends on the stage."""
        stage, self.stage = self.stage, Stage.OVER
        if stage is Stage.IDLE:
            # Nothing is under way that could fail: the next step will say it.
            self.stage, self._broken = Stage.IDLE, why
        elif stage is Stage.DIALLING:
            self._tell(DialFailed(self.op, why))
        elif stage is Stage.PROBING:
            self._tell(Probed(self.op, v2=False))
        elif stage is Stage.OPENING:
            self._tell(OpenFailed(self.op, why))
        elif stage is Stage.STREAMING:
            self._tell(UploadLost(self.op, why))
        else:
            self.stage = stage

    # --- the connection -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection; every byte that is not in the kernel must be noticed."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """Let the half in charge read."""
        if self._half is not None:
            self._half.received(data)
        else:
            # A server may speak first: HTTP/2 lets it send its settings at once.
            self._early += data

    def eof_received(self) -> None:
        """Note that the recorder ended the connection."""
        self.failed("the recorder closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note how the connection broke."""
        self.failed(_reason(exc) if exc else "the recorder closed the connection")
        self._leave()

    def pause_writing(self) -> None:
        """Note that bytes wait in the transport."""
        self._paused = True

    def resume_writing(self) -> None:
        """Note that all is in the kernel, and go on with what had to wait."""
        self._paused = False
        if self._half is not None and self.stage is Stage.STREAMING:
            self._half.flush()
            self._say_handed()

    def window_opened(self) -> None:
        """The half wrote what flow control had held back."""
        self._say_handed()

    def _say_handed(self) -> None:
        half = self._half
        if self._transport is not None and self._transport.is_closing():
            # The kernel did not take it: the connection broke under the write, and that it is
            # lost is told in the loop's next turn. Output that was not handed over is not shown.
            return
        if self._unsaid and not self._paused and half is not None and half.all_out:
            self._unsaid = False
            if self.stage is Stage.STREAMING:
                self._tell(Handed(self.op))

    def _begin(self, stage: Stage, what: Callable[[], None]) -> None:
        if self.stage is not Stage.IDLE:
            return
        self.stage = stage
        if self._broken:
            self.failed(self._broken)
            return
        what()
        early, self._early = self._early, b""
        if early and self._half is not None:
            self._half.received(early)

    def _leave(self) -> None:
        if not self.gone.done():
            self.gone.set_result(None)

    def _dial_done(self, dialling: asyncio.Task[None]) -> None:  # noqa: ARG002
        # Also of a task that was cancelled before it ran at all.
        if self._transport is None:
            self._leave()

    async def _dial(self) -> None:
        loop = asyncio.get_running_loop()
        sock: socket.socket | None = None
        try:
            host, port = split_address(self.address)
            sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            sock.setblocking(False)
            # asyncio does this only for sockets that it makes itself. Without it the kernel holds
            # a recording back while its output is already shown.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._source_addr:
                sock.bind((self._source_addr, 0))
            await loop.sock_connect(sock, (host, port))
            await loop.create_connection(lambda: self, sock=sock)
        except (OSError, ValueError) as error:
            self._hang_up(sock)
            self.failed(_reason(error))
        except asyncio.CancelledError:
            self._hang_up(sock)
            raise
        else:
            if self.stage is Stage.DIALLING:
                self.stage = Stage.IDLE
                self._tell(Connected(self.op))

    def _hang_up(self, sock: socket.socket | None) -> None:
        if self._transport is not None:
            self._transport.abort()
        elif sock is not None:
            with contextlib.suppress(OSError):
                sock.close()


def split_address(address: str) -> tuple[str, int]:
    """Split ``ip:port`` (``[ip]:port`` for IPv6); ValueError says what is wrong."""
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit():
        raise ValueError(f"{address!r} is not an address of the form ip:port")
    if not 0 < int(port) < 65536:
        raise ValueError(f"{address!r} has no port between 1 and 65535")
    return host, int(port)


def _reason(error: BaseException) -> str:
    # asyncio puts its own words and the address into strerror; the number is what counts.
    number = error.errno if isinstance(error, OSError) else None
    if number is not None and number > 0:
        return os.strerror(number).lower()
    return str(error) or type(error).__name__
