"""A recording as data: read, written, and the output in it, for checkers that compare."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import msgspec

_EVENT = msgspec.json.Decoder(tuple[float, str, str])
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_FRAMES = msgspec.json.Decoder(list[tuple[float, str]])
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_BOM = b"\xef\xbb\xbf"
_NS = 1_000_000_000
_REPLACED = re.compile("\ufffd+")


class Event(msgspec.Struct, frozen=True):
    """One event: seconds since the start of the recording, in every version; code; data."""

    time: float
    code: str
    data: str


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What could be read of a recording."""

    version: int
    """Of asciicast; 2 when the header states none."""
    header: dict[str, Any]
    """Empty when it cannot be read. Of asciicast v1 without `stdout`."""
    events: list[Event]
    broken: tuple[int, ...] = ()
    """Lines (from 1) that could not be read and are not in here."""


Item: TypeAlias = tuple[int, dict[str, Any] | Event | None]
"""A line number (from 1), and the header, an event, or None for what could not be read."""


def parse(data: bytes) -> Recording:
    """Read a recording of any version, as far as it can be read. Never raises.

    Rules are the validator's business: what breaks one and can still be read is in the result,
    and lines that are no event at all are listed in `broken`.
    """
    header: dict[str, Any] = {}
    events: list[Event] = []
    broken: list[int] = []
    for number, item in read_lines(data.split(b"\n")):
        if isinstance(item, Event):
            events.append(item)
        elif item is None:
            broken.append(number)
        else:
            header = item
    version = header.get("version")
    return Recording(
        version=version if version in (1, 3) else 2,
        header=header,
        events=events,
        broken=tuple(broken),
    )


def read_lines(lines: Iterable[bytes]) -> Iterator[Item]:
    """Read a recording line by line: its header, its events, and None for what is neither.

    Only asciicast v1, which is one JSON object, is read as a whole before the first event. Blank
    lines and the comments of v3 are passed over.
    """
    source = iter(lines)
    first = next(source, b"").removeprefix(_BOM)
    header = _object(first)
    may_go_on = first[:1] == b"{" if header is None else header.get("version") == 1
    if may_go_on:
        held = [first, *source]
        whole = _whole(b"\n".join(held))
        if whole is not None:
            yield from whole
            return
        source = iter(held[1:])
    if first:
        yield 1, header
    relative = header is not None and header.get("version") == 3
    elapsed = 0
    for number, line in enumerate(source, start=2):
        if not line.strip() or (relative and line[:1] == b"#"):
            continue
        try:
            time, code, text = _EVENT.decode(line)
        except _UNREADABLE:
            yield number, None
            continue
        if relative:
            elapsed += round(time * _NS)
            time = elapsed / _NS
        yield number, Event(time, code, text)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        return _OBJECT.decode(data)
    except _UNREADABLE:
        return None


def _whole(data: bytes) -> list[Item] | None:
    """Read asciicast v1; None when `data` is something else."""
    header = _object(data)
    if header is None or header.get("version") != 1 or "stdout" not in header:
        return None
    try:
        frames = _FRAMES.decode(msgspec.json.encode(header.pop("stdout")))
    except _UNREADABLE:
        return None
    items: list[Item] = [(1, header)]
    elapsed = 0
    for delay, text in frames:
        elapsed += round(delay * _NS)
        items.append((1, Event(elapsed / _NS, "o", text)))
    return items


def write(recording: Recording) -> bytes:
    """Return `recording` as bytes: compact JSON, one line for each event, in its own version."""
    encode = msgspec.json.encode
    if recording.version == 1:
        frames = list(zip(_intervals(recording.events), _texts(recording.events), strict=True))
        return encode({**recording.header, "stdout": frames}) + b"\n"
    lines = [encode(recording.header)]
    if recording.version == 3:
        intervals = _intervals(recording.events)
        lines += [
            encode((interval, event.code, event.data))
            for interval, event in zip(intervals, recording.events, strict=True)
        ]
    else:
        lines += [encode((event.time, event.code, event.data)) for event in recording.events]
    return b"".join(line + b"\n" for line in lines)


def _texts(events: list[Event]) -> Iterator[str]:
    return (event.data for event in events)


def _intervals(events: list[Event]) -> list[float]:
    """Return the seconds since the event before, exact to the nanosecond: errors do not add up."""
    times = [0, *(round(event.time * _NS) for event in events)]
    return [(time - before) / _NS for before, time in itertools.pairwise(times)]


def output_text(recording: Recording) -> str:
    """Return everything that was written to the terminal, in order."""
    return "".join(event.data for event in recording.events if event.code == "o")


def normalise(text: str) -> str:
    """Return `text` with each run of U+FFFD as one (D7).

    How many of them stand for bytes that are not UTF-8 depends on where the writes were cut.
    """
    return _REPLACED.sub("\ufffd", text)
