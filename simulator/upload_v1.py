"""Protocol v1 on a connection: ``POST /record`` over HTTP/1.1, chunked, awaiting the 100.

There are no acks. The session starts with the interim 100; a final answer before it is a failure,
even a 200; the final status after the body's end says how the recording went (sections 3 and 4).
"""

from __future__ import annotations

from typing import Protocol

import h11

from conformance.wire import V1_RECORD

CONTINUE = 100
OK = 200


class Wire(Protocol):
    """The connection underneath, as this half sees it."""

    def write(self, data: bytes) -> None:
        """Write to the connection."""

    def opened(self) -> None:
        """The recorder takes the recording."""

    def ended(self) -> None:
        """The answer ended cleanly."""

    def failed(self, why: str) -> None:
        """Something went wrong."""


class V1:
    """One upload over HTTP/1.1."""

    all_out = True
    """HTTP/1.1 holds nothing back."""

    def __init__(self, wire: Wire, authority: str) -> None:
        self._wire = wire
        self._authority = authority
        self._http = h11.Connection(h11.CLIENT)
        self._continued = False
        self._answered = False

    def open(self) -> None:
        """Send the request head; the body waits for the 100."""
        request = h11.Request(
            method="POST",
            target=V1_RECORD,
            headers=[
                ("Host", self._authority),
                ("User-Agent", "recspec"),
                ("Transfer-Encoding", "chunked"),
                ("Expect", "100-continue"),
            ],
        )
        self._send(request)

    def send(self, data: bytes) -> None:
        """Send a part of the body as a chunk."""
        if data:
            self._send(h11.Data(data=data))

    def close_body(self) -> None:
        """Send the last chunk."""
        self._send(h11.EndOfMessage())

    def flush(self) -> None:
        """Nothing ever waits here."""

    def goodbye(self) -> None:
        """HTTP/1.1 just closes."""

    def received(self, data: bytes) -> None:
        """Read answers until the final one."""
        if self._answered:
            return
        try:
            self._http.receive_data(data)
            while not self._answered:
                event = self._http.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    return
                if isinstance(event, h11.InformationalResponse):
                    if event.status_code == CONTINUE and not self._continued:
                        self._continued = True
                        self._wire.opened()
                elif isinstance(event, h11.Response):
                    self._final(event.status_code)
        except h11.RemoteProtocolError as error:
            self._wire.failed(f"the answer is not HTTP/1.1: {error}")

    def _final(self, status: int) -> None:
        self._answered = True
        if not self._continued:
            self._wire.failed(f"POST {V1_RECORD} was answered {status} before any 100")
        elif status != OK:
            self._wire.failed(f"POST {V1_RECORD} was answered {status}")
        else:
            self._wire.ended()

    def _send(self, event: h11.Event) -> None:
        try:
            self._wire.write(self._http.send(event) or b"")
        except h11.LocalProtocolError as error:
            self._wire.failed(f"the connection cannot take it any more: {error}")
