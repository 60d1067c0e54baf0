"""Protocol v2 on a connection: probe and ``POST /v2/record`` over HTTP/2 by prior knowledge.

No body byte is sent before the 200 headers are here: a recorder answers first. The answer's body
is JSON objects one after the other, cut over DATA frames anywhere (sections 3 and 4).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.frame_buffer
import h2.settings
import msgspec
from hyperframe.frame import Frame, GoAwayFrame

from conformance.wire import V2_RECORD, AckFrame

OK = b"200"
MIB = 1 << 20
CONNECTION_WINDOW = 1 << 30
LONGEST_FRAME = 1 << 16
"""Bytes of one ack or error frame that we are ready to hold."""

SETTINGS = {
    h2.settings.SettingCodes.ENABLE_PUSH: 0,
    h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 4 * MIB,
    h2.settings.SettingCodes.MAX_FRAME_SIZE: MIB,
    h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 10 * MIB,
}
"""As upstream's client sends them (section 3)."""

_WHITE = b" \t\r\n"
_decoder = msgspec.json.Decoder(AckFrame)


class AnswerError(ValueError):
    """The answer holds something that is no ack frame."""


class AnswerFrames:
    """Cuts an answer's body into its JSON objects."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[AckFrame]:
        """Yield the frames that are whole now; AnswerError when something is none."""
        self._buffer = (self._buffer + data).lstrip(_WHITE)
        while self._buffer:
            end = self._end()
            if end is None:
                return
            frame = self._decode(self._buffer[:end])
            self._buffer = self._buffer[end:].lstrip(_WHITE)
            yield frame

    def finish(self) -> None:
        """Raise AnswerError when the answer ended inside a frame."""
        if self._buffer:
            raise AnswerError("the answer ended inside an ack frame")

    def _decode(self, data: bytes) -> AckFrame:
        try:
            return _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise AnswerError(f"the answer holds something that is no ack frame: {error}") from None

    def _end(self) -> int | None:
        """Return where the first object ends, or None when more must come first."""
        if self._buffer[:1] != b"{":
            raise AnswerError("the answer holds something that is not a JSON object")
        depth, in_string, escaped = 0, False, False
        for index, byte in enumerate(self._buffer):
            if in_string:
                if escaped:
                    escaped = False
                elif byte == 0x5C:  # backslash
                    escaped = True
                elif byte == 0x22:  # quotation mark
                    in_string = False
            elif byte == 0x22:
                in_string = True
            elif byte in b"{[":
                depth += 1
            elif byte in b"}]":
                depth -= 1
                if depth == 0:
                    return index + 1
        self._check_start()
        return None

    def _check_start(self) -> None:
        # What cannot become an object any more is an error now, not when the ack window ends.
        if len(self._buffer) > LONGEST_FRAME:
            raise AnswerError(f"the answer holds a frame of more than {LONGEST_FRAME} bytes")
        try:
            _decoder.decode(self._buffer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if "truncated" not in str(error):
                raise AnswerError(f"the answer is not JSON: {error}") from None


class _Frames(h2.frame_buffer.FrameBuffer):
    """Frames whose length is judged by their head.

    The library waits for the whole frame first. The start of an HTTP/1.1 answer reads as the head
    of a frame of almost 5 MiB, so a server without HTTP/2 would seem silent.
    """

    def __next__(self) -> Frame:
        if len(self._data) >= 3:
            self._validate_frame_length(int.from_bytes(self._data[:3], "big"))
        return super().__next__()


class _Connection(h2.connection.H2Connection):
    """HTTP/2 that outlives a graceful GOAWAY.

    The library takes every GOAWAY as the end of the connection. One without an error that covers
    our streams only forbids new ones (RFC 9113, 6.8): an upload that runs goes on.
    """

    def __init__(self) -> None:
        super().__init__(h2.config.H2Configuration(client_side=True, header_encoding=None))
        self.local_settings = h2.settings.Settings(client=True, initial_values=SETTINGS)
        # Ready for our own settings at once: a server may use them before it acknowledges them.
        self.max_inbound_frame_size = self.local_settings.max_frame_size
        self.incoming_buffer = _Frames(server=False)

    def _receive_goaway_frame(
        self, frame: GoAwayFrame
    ) -> tuple[list[Frame], list[h2.events.Event]]:
        state = self.state_machine.state
        frames, events = super()._receive_goaway_frame(frame)
        if graceful(frame.error_code, frame.last_stream_id, self.highest_outbound_stream_id):
            self.state_machine.state = state
        return frames, events


def graceful(error_code: int, last_stream_id: int, ours: int) -> bool:
    """Tell whether a GOAWAY lets our streams, up to number `ours`, go on."""
    return error_code == h2.errors.ErrorCodes.NO_ERROR and last_stream_id >= ours


class Wire(Protocol):
    """The connection underneath, as this half sees it."""

    @property
    def paused(self) -> bool:
        """True while bytes wait for the kernel to take them."""

    def write(self, data: bytes) -> None:
        """Write to the connection."""

    def probed(self, *, v2: bool) -> None:
        """The probe was answered."""

    def opened(self) -> None:
        """The recorder takes the recording."""

    def ack(self, number: int) -> None:
        """An ack frame came."""

    def error(self, message: str) -> None:
        """An error frame came."""

    def ended(self) -> None:
        """The answer ended cleanly."""

    def failed(self, why: str) -> None:
        """Something went wrong."""

    def window_opened(self) -> None:
        """What flow control had held back was written."""


class V2:
    """One probe and one upload over HTTP/2."""

    def __init__(self, wire: Wire, authority: str) -> None:
        self._wire = wire
        self._authority = authority
        self._http = _Connection()
        self._probe = 0
        self._upload = 0
        self._leaving = False
        self._pending = bytearray()
        self._closing = False
        self._frames = AnswerFrames()
        self._unzip: zlib._Decompress | None = None

    @property
    def all_out(self) -> bool:
        """True when flow control holds nothing back."""
        return not self._pending

    def probe(self) -> None:
        """Start HTTP/2 and ask for v2."""
        self._http.initiate_connection()
        self._http.increment_flow_control_window(CONNECTION_WINDOW)
        self._probe = self._request("HEAD", end_stream=True)

    def open(self) -> None:
        """Send the request head; the body waits for the 200."""
        if self._leaving:
            self._wire.failed("the recorder is going away and takes nothing new")
            return
        try:
            self._upload = self._request("POST", end_stream=False)
        except h2.exceptions.ProtocolError as error:
            self._wire.failed(f"HTTP/2: {error}")

    def send(self, data: bytes) -> None:
        """Send a part of the body, as far as flow control lets it pass."""
        self._pending += data
        self.flush()

    def close_body(self) -> None:
        """End the body after all that was sent."""
        self._closing = True
        self.flush()

    def flush(self) -> None:
        """Write what the windows and the kernel take."""
        try:
            while self._pending and not self._wire.paused:
                room = min(
                    self._http.local_flow_control_window(self._upload),
                    self._http.max_outbound_frame_size,
                )
                if room <= 0:
                    break
                self._http.send_data(self._upload, bytes(self._pending[:room]))
                del self._pending[:room]
                self._wire.write(self._http.data_to_send())
            if self._closing and not self._pending:
                self._closing = False
                self._http.end_stream(self._upload)
                self._wire.write(self._http.data_to_send())
        except h2.exceptions.ProtocolError as error:
            self._wire.failed(f"HTTP/2: {error}")

    def goodbye(self) -> None:
        """Say GOAWAY."""
        try:
            self._http.close_connection()
        except h2.exceptions.ProtocolError:
            return
        self._wire.write(self._http.data_to_send())

    def received(self, data: bytes) -> None:
        """Take in frames, and answer those that want an answer."""
        try:
            events = self._http.receive_data(data)
            self._wire.write(self._http.data_to_send())
            for event in events:
                self._on(event)
            self._wire.write(self._http.data_to_send())
        except h2.exceptions.ProtocolError as error:
            self._wire.failed(f"HTTP/2: {error}")
        except (AnswerError, zlib.error) as error:
            self._wire.failed(str(error))

    def _request(self, method: str, *, end_stream: bool) -> int:
        stream = self._http.get_next_available_stream_id()
        headers = [
            (":method", method),
            (":scheme", "http"),
            (":authority", self._authority),
            (":path", V2_RECORD),
            ("user-agent", "recspec"),
        ]
        if method == "POST":
            headers.append(("accept-encoding", "gzip"))
        self._http.send_headers(stream, headers, end_stream=end_stream)
        self._wire.write(self._http.data_to_send())
        return stream

    def _on(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                self._answered(event)
            case h2.events.DataReceived() if event.stream_id == self._upload:
                self._body(event)
            case h2.events.StreamEnded() if event.stream_id == self._upload:
                self._frames.finish()
                self._wire.ended()
            case h2.events.StreamReset() if event.stream_id == self._upload:
                self._wire.failed(f"the recorder reset the stream: {name_of(event.error_code)}")
            case h2.events.StreamReset() if event.stream_id == self._probe:
                self._wire.probed(v2=False)
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                if self._pending or self._closing:
                    self.flush()
                    self._wire.window_opened()
            case h2.events.ConnectionTerminated():
                self._going_away(event)

    def _answered(self, event: h2.events.ResponseReceived) -> None:
        headers = dict(event.headers or ())
        status = headers.get(b":status", b"")
        if event.stream_id == self._probe:
            self._wire.probed(v2=status == OK)
        elif event.stream_id == self._upload:
            if status != OK:
                self._wire.failed(f"POST {V2_RECORD} was answered {status.decode()}")
                return
            if headers.get(b"content-encoding") == b"gzip":
                self._unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
            self._wire.opened()

    def _body(self, event: h2.events.DataReceived) -> None:
        if event.flow_controlled_length:
            self._http.acknowledge_received_data(event.flow_controlled_length, self._upload)
        data = event.data or b""
        for frame in self._frames.feed(self._unzip.decompress(data) if self._unzip else data):
            if frame.error:
                self._wire.error(frame.error)
                return
            self._wire.ack(frame.ack)

    def _going_away(self, event: h2.events.ConnectionTerminated) -> None:
        self._leaving = True
        ours = max(self._probe, self._upload)
        if not graceful(event.error_code or 0, event.last_stream_id or 0, ours):
            self._wire.failed(f"the recorder is going away: {name_of(event.error_code or 0)}")


def name_of(code: h2.errors.ErrorCodes | int | None) -> str:
    """Return the name of an HTTP/2 error code, or its number when it has none."""
    return code.name if isinstance(code, h2.errors.ErrorCodes) else f"code {code}"
