"""Under which names recordings are kept: ``NodeID/TIME.cast`` (protocol, section 7; D8, D9).

**Time** is RFC 3339 in UTC with nine fractional digits: the second is the header's `timestamp`,
the fraction is the recorder's own clock when the recording was opened, so that recordings of one
node that start in the same second keep apart. A header without a timestamp that RFC 3339 can write
gets the recorder's second. A name that is taken moves on by a nanosecond.

**NodeID** is the header's `srcNodeID`, which comes off the wire. Its escaping is injective and
what comes out is always one path segment of at most `SEGMENT_LIMIT` bytes:

- Letters, digits, ``-``, ``_`` and dots stand for themselves; any other character, a percent sign
  too, becomes ``%XX`` for each byte of its UTF-8.
- A first character that is a dot is escaped too, so there is no ``.``, no ``..`` and no name that
  begins like our own ``.incoming``.
- The empty node ID is ``%``; a node that is really called ``unknown`` is ``%75nknown``.
- What gets too long is cut, and ``%~`` and the SHA-256 of the whole follow.

`UNKNOWN` is the segment of recordings whose header line has no node ID, is not JSON, or is longer
than `HEADER_LIMIT`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from string import ascii_letters, digits
from typing import Any

import msgspec

from conformance.wire import SECOND

UNKNOWN = "unknown"
SEGMENT_LIMIT = 200
HEADER_LIMIT = 1 << 20
"""Bytes of the header line that are kept in memory for reading it."""
CAST = ".cast"
EVENT = ".event.json"

_PLAIN = frozenset((ascii_letters + digits + "-_.").encode())
_LATEST = 253_402_300_798
"""9999-12-31T23:59:58Z: RFC 3339 can write one second more, which following names may need."""


class Name(msgspec.Struct, frozen=True):
    """What a recording is called: whose it is, and the nanosecond (Unix time) it began."""

    node: str
    """The node ID as a path segment, escaped already."""
    at: int
    suffix: str = CAST

    @property
    def path(self) -> str:
        """The path relative to the base path; the key in S3 is the same."""
        whole, fraction = divmod(self.at, SECOND)
        time = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self.node}/{time}.{fraction:09d}Z{self.suffix}"

    def following(self) -> Name:
        """Return the name one nanosecond on, for when this one is taken."""
        return msgspec.structs.replace(self, at=self.at + 1)


def segment(node_id: str) -> str:
    """Escape a node ID so that it is one safe path segment, and no two become the same."""
    if not node_id:
        return "%"
    data = node_id.encode("utf-8", "surrogatepass")
    escaped = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)
    if escaped[0] == "." or escaped == UNKNOWN:
        escaped = f"%{ord(escaped[0]):02X}{escaped[1:]}"
    if len(escaped) <= SEGMENT_LIMIT:
        return escaped
    mark = "%~" + sha256(data).hexdigest()
    return escaped[: SEGMENT_LIMIT - len(mark)] + mark


class _Header(msgspec.Struct):
    node_id: Any = msgspec.field(name="srcNodeID", default=None)
    timestamp: Any = None


class _Source(msgspec.Struct):
    node_id: Any = msgspec.field(name="nodeID", default=None)


class _Event(msgspec.Struct):
    source: _Source = msgspec.field(default_factory=_Source)


def recording_name(header_line: bytes, opened_at: int) -> Name:
    """Name the recording that begins with `header_line` and was opened at `opened_at`.

    `opened_at` is the recorder's clock in nanoseconds of Unix time.
    """
    try:
        header = msgspec.json.decode(header_line, type=_Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Name(UNKNOWN, opened_at)
    second = header.timestamp
    if type(second) not in (int, float) or not 0 < second <= _LATEST:
        second = opened_at // SECOND
    return Name(_node(header.node_id), int(second) * SECOND + opened_at % SECOND)


def event_name(body: bytes, now: int) -> Name | None:
    """Name an event of ``/v2/event`` that came at `now`; None when it is not a JSON object."""
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return Name(_node(event.source.node_id), now, EVENT)


def _node(node_id: object) -> str:
    return segment(node_id) if isinstance(node_id, str) else UNKNOWN


class HeaderLine:
    """The first line of a recording while it arrives, in pieces of any size."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self.whole = False
        """True when the line ended, or is too long to be read."""

    def feed(self, data: bytes) -> bool:
        """Take in the next bytes, and tell whether the header line is now whole."""
        if not self.whole:
            end = data.find(b"\n")
            self._kept += data if end < 0 else data[:end]
            self.whole = end >= 0 or len(self._kept) > HEADER_LIMIT
        return self.whole

    @property
    def seen(self) -> bytes:
        """What there is of the line, until the recording is named by it."""
        return bytes(self._kept)

    def name(self, opened_at: int) -> Name:
        """Name the recording by what there is of its header line."""
        line = bytes(self._kept)
        self._kept = bytearray()
        return recording_name(line if len(line) <= HEADER_LIMIT else b"", opened_at)
