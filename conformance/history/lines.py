"""Histories as JSON lines, written and read."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from conformance.history.log import Event, History


class HistoryError(ValueError):
    """A saved history that cannot be read; the message names the line."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def to_line(event: Event) -> bytes:
    """Encode one event as a line of JSON, its newline included."""
    return _encoder.encode(event) + b"\n"


def from_line(line: bytes) -> Event:
    """Decode one line; raises HistoryError with what is wrong."""
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HistoryError(str(error)) from None
    except RecursionError:
        raise HistoryError("nested too deeply") from None


def to_lines(history: Iterable[Event]) -> bytes:
    """Encode a whole history as JSON lines."""
    return b"".join(map(to_line, history))


def from_lines(data: bytes) -> History:
    """Decode a saved history; raises HistoryError naming the line (from 1)."""
    events = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                events.append(from_line(line))
            except HistoryError as error:
                raise HistoryError(f"line {number}: {error}") from None
    return tuple(events)
