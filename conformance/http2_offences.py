"""Offences against HTTP/2: bytes that no client may send, and after which something must end.

A table only. Header blocks are written out as literals (RFC 7541 section 6.2.2), so that nothing
here depends on the state of a compressor. Stream 1 is the upload that an offence needs, where it
needs one. A server may always answer a stream error with a connection error (RFC 9113 section
5.4.1), may leave the GOAWAY out, and may answer a malformed request before it ends it (8.1.1).
Where the RFC wants the connection ended, ending the stream keeps the clause too (hostile-3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import msgspec

AUTHORITY = "\0authority"
"""Stands for the target's own authority in a list of fields."""
UPLOAD = 1
"""The stream of the upload that is open when frames are sent."""

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 5, 6, 7, 8, 9
UNKNOWN = 0xBE
END_STREAM, ACK, END_HEADERS, PADDED = 0x1, 0x1, 0x4, 0x8
MOST = (1 << 31) - 1
"""The largest flow-control window: RFC 9113 section 6.9.1."""
FRAME = 16_384
"""Bytes of payload that every server takes in one frame: RFC 9113 section 4.2."""
LARGEST_FRAME = (1 << 24) - 1

Fields = tuple[tuple[str, str], ...]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return one frame, right or wrong."""
    return len(payload).to_bytes(3) + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name: str, value: str) -> bytes:
    """Return a field that no table holds, without Huffman; at most 126 bytes each."""
    key, text = name.encode("latin-1"), value.encode("latin-1")
    return b"\0" + bytes([len(key)]) + key + bytes([len(text)]) + text


def block(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return a header block of literals."""
    return b"".join(literal(name, value) for name, value in fields)


def number(value: int) -> bytes:
    """Return 32 bits."""
    return value.to_bytes(4)


def setting(key: int, value: int) -> bytes:
    """Return one setting."""
    return key.to_bytes(2) + value.to_bytes(4)


def bomb(mib: int) -> bytes:
    """Return fields that go into the table once, and then unfold to so many MiB."""
    value = b"x" * _BOMB
    # Literal with incremental indexing, a name of one byte, a length of 127 + 3873; then index 62.
    entry = b"\x40\x01x\x7f\xa1\x1e" + value
    return entry + b"\xbe" * ((mib << 20) // _BOMB)


_BOMB = 4000
"""Bytes; with a name and 32 more it fills the table that every server has: 4096 bytes."""


class Frames(msgspec.Struct, frozen=True):
    """Frames that end their stream, or the connection."""

    what: str
    source: str
    data: bytes
    upload: bool = False
    """True: an upload is open on stream 1, and has sent nothing yet."""
    ends_body: bool = False
    """True: with another server, the upload would have been at its end."""


class Head(msgspec.Struct, frozen=True):
    """The head of an upload that is malformed."""

    what: str
    source: str
    fields: Fields


_PROBE = block(
    ((":method", "HEAD"), (":scheme", "http"), (":authority", "x"), (":path", "/v2/record"))
)
_ENDED = END_HEADERS | END_STREAM

FRAMES = (
    Frames("DATA on stream 0", "RFC 9113 §6.1", frame(DATA, 0, 0, b"x")),
    Frames("DATA on an idle stream", "RFC 9113 §5.1", frame(DATA, 0, 7, b"x")),
    Frames(
        "DATA with more padding than payload",
        "RFC 9113 §6.1",
        frame(DATA, PADDED, UPLOAD, b"\x05x"),
        upload=True,
    ),
    Frames("HEADERS on stream 0", "RFC 9113 §6.2", frame(HEADERS, _ENDED, 0, _PROBE)),
    Frames(
        "HEADERS on a stream with an even number",
        "RFC 9113 §5.1.1",
        frame(HEADERS, _ENDED, 2, _PROBE),
    ),
    Frames(
        "HEADERS on a stream with a lower number than one before",
        "RFC 9113 §5.1.1",
        frame(HEADERS, _ENDED, 5, _PROBE) + frame(HEADERS, _ENDED, 3, _PROBE),
    ),
    Frames(
        "HEADERS with more padding than payload",
        "RFC 9113 §6.2",
        frame(HEADERS, _ENDED | PADDED, 1, b"\xff" + _PROBE),
    ),
    Frames(
        "HEADERS in the middle of a body that do not end it",
        "RFC 9113 §8.1",
        frame(HEADERS, END_HEADERS, UPLOAD, literal("x-late", "1")),
        upload=True,
    ),
    Frames(
        "trailers with a pseudo field",
        "RFC 9113 §8.1",
        frame(HEADERS, _ENDED, UPLOAD, literal(":path", "/v2/record")),
        upload=True,
        ends_body=True,
    ),
    Frames("PRIORITY on stream 0", "RFC 9113 §6.3", frame(PRIORITY, 0, 0, number(0) + b"\x10")),
    Frames(
        "PRIORITY of 4 bytes",
        "RFC 9113 §6.3",
        frame(PRIORITY, 0, UPLOAD, number(0)),
        upload=True,
    ),
    Frames("RST_STREAM on stream 0", "RFC 9113 §6.4", frame(RST_STREAM, 0, 0, number(8))),
    Frames("RST_STREAM on an idle stream", "RFC 9113 §6.4", frame(RST_STREAM, 0, 7, number(8))),
    Frames(
        "RST_STREAM of 3 bytes",
        "RFC 9113 §6.4",
        frame(RST_STREAM, 0, UPLOAD, b"\0" * 3),
        upload=True,
    ),
    Frames("SETTINGS on a stream", "RFC 9113 §6.5", frame(SETTINGS, 0, 1, setting(3, 100))),
    Frames("SETTINGS of 5 bytes", "RFC 9113 §6.5", frame(SETTINGS, 0, 0, b"\0" * 5)),
    Frames(
        "an acknowledgement of SETTINGS with a payload",
        "RFC 9113 §6.5",
        frame(SETTINGS, ACK, 0, setting(3, 100)),
    ),
    Frames("ENABLE_PUSH 2", "RFC 9113 §6.5.2", frame(SETTINGS, 0, 0, setting(2, 2))),
    Frames("MAX_FRAME_SIZE 16383", "RFC 9113 §6.5.2", frame(SETTINGS, 0, 0, setting(5, 16_383))),
    Frames(
        "PUSH_PROMISE from a client",
        "RFC 9113 §8.4",
        frame(PUSH_PROMISE, END_HEADERS, UPLOAD, number(2) + _PROBE),
        upload=True,
    ),
    Frames("PING of 7 bytes", "RFC 9113 §6.7", frame(PING, 0, 0, b"recspec")),
    Frames("PING on a stream", "RFC 9113 §6.7", frame(PING, 0, 1, b"recspec1")),
    Frames("GOAWAY on a stream", "RFC 9113 §6.8", frame(GOAWAY, 0, 1, number(0) * 2)),
    Frames("WINDOW_UPDATE of 3 bytes", "RFC 9113 §6.9", frame(WINDOW_UPDATE, 0, 0, b"\0\0\1")),
    Frames(
        "WINDOW_UPDATE on an idle stream", "RFC 9113 §5.1", frame(WINDOW_UPDATE, 0, 7, number(1))
    ),
    Frames("WINDOW_UPDATE of 0", "RFC 9113 §6.9", frame(WINDOW_UPDATE, 0, 0, number(0))),
    Frames(
        "WINDOW_UPDATE of 0 on a stream",
        "RFC 9113 §6.9",
        frame(WINDOW_UPDATE, 0, UPLOAD, number(0)),
        upload=True,
    ),
    Frames(
        "CONTINUATION without HEADERS",
        "RFC 9113 §6.10",
        frame(CONTINUATION, END_HEADERS, 1, _PROBE),
    ),
    Frames(
        "a PING in the middle of a header block",
        "RFC 9113 §6.10",
        frame(HEADERS, END_STREAM, 1, _PROBE[:20]) + frame(PING, 0, 0, b"recspec1"),
    ),
    Frames(
        "a frame of unknown type in the middle of a header block",
        "RFC 9113 §5.5",
        frame(HEADERS, END_STREAM, 1, _PROBE[:20]) + frame(UNKNOWN, 0, 1, b"recspec"),
    ),
    Frames(
        "a field at an index that no table has",
        "RFC 7541 §2.3.3",
        frame(HEADERS, _ENDED, 1, _PROBE + b"\xfe"),
    ),
    Frames("a field at index 0", "RFC 7541 §6.1", frame(HEADERS, _ENDED, 1, _PROBE + b"\x80")),
    Frames(
        "a field that is longer than its block",
        "RFC 7541 §5.2",
        frame(HEADERS, _ENDED, 1, _PROBE + b"\0\x01x\x7f\x7f"),
    ),
    Frames(
        "a Huffman code with the end-of-string symbol",
        "RFC 7541 §5.2",
        frame(HEADERS, _ENDED, 1, _PROBE + b"\0\x01x\x84\xff\xff\xff\xff"),
    ),
    Frames(
        "a header table that is larger than allowed",
        "RFC 7541 §6.3",
        # 2^30 bytes, and no server offers that much.
        frame(HEADERS, _ENDED, 1, b"\x3f\xe1\xff\xff\xff\x03" + _PROBE),
    ),
)
"""Each on a connection of its own, after the exchange of SETTINGS."""

TOO_LARGE = "a frame that is one byte larger than allowed"
NO_SETTINGS = "a preface without SETTINGS"
BAD_PREFACE = "a preface that is cut wrong"

WINDOWS = (
    Frames(
        "a connection's window over 2^31-1",
        "RFC 9113 §6.9.1",
        frame(WINDOW_UPDATE, 0, 0, number(MOST)),
    ),
    Frames(
        "a stream's window over 2^31-1",
        "RFC 9113 §6.9.1",
        frame(WINDOW_UPDATE, 0, UPLOAD, number(MOST)),
        upload=True,
    ),
    Frames(
        "a stream's window over 2^31-1 by SETTINGS",
        "RFC 9113 §6.9.2",
        # It is small first, then the largest but for what was sent meanwhile, then over it.
        frame(SETTINGS, 0, 0, setting(4, 65_535))
        + frame(WINDOW_UPDATE, 0, UPLOAD, number(MOST - 65_535))
        + frame(SETTINGS, 0, 0, setting(4, 1 << 20)),
        upload=True,
    ),
    Frames(
        "INITIAL_WINDOW_SIZE over 2^31-1",
        "RFC 9113 §6.5.2",
        frame(SETTINGS, 0, 0, setting(4, 1 << 31)),
    ),
)


def _head(what: str, *more: tuple[str, str], source: str = "RFC 9113 §8.3", **pseudo: str) -> Head:
    """Build the head of an upload; what a pseudo field is to be is given, nothing leaves it out."""
    fields = {"method": "POST", "scheme": "http", "authority": AUTHORITY, "path": "/v2/record"}
    fields |= pseudo
    kept = tuple((f":{key}", value) for key, value in fields.items() if value != _LEFT_OUT)
    return Head(what, source, (*kept, *more))


_LEFT_OUT = "\0"
_NAMES = "RFC 9113 §8.2.1"

HEADS = (
    _head("no :method", method=_LEFT_OUT),
    _head("no :scheme", scheme=_LEFT_OUT),
    _head("no :path", path=_LEFT_OUT),
    _head("an empty :path", path=""),
    _head(":method twice", (":method", "POST")),
    _head(":path twice", (":path", "/v2/record")),
    _head(":scheme twice", (":scheme", "http")),
    _head("a pseudo field of answers", (":status", "200")),
    _head("a pseudo field that nobody knows", (":recspec", "1")),
    _head(
        "a pseudo field behind others", ("x-first", "1"), (":path", "/v2/record"), path=_LEFT_OUT
    ),
    _head("a field name in upper case", ("X-Upper", "1"), source="RFC 9113 §8.2"),
    _head("a field name with a space", ("x y", "1"), source=_NAMES),
    _head("a field name with a byte over 0x7e", ("x-\xff", "1"), source=_NAMES),
)

CONTROLS = (
    _head("NUL in a value", ("x-a", "a\0b"), source=_NAMES),
    _head("CR in a value", ("x-a", "a\rb"), source=_NAMES),
    _head("LF in a value", ("x-a", "a\nb"), source=_NAMES),
    _head("LF at the end of a value", ("x-a", "a\n"), source=_NAMES),
    _head("CR LF and another field in a value", ("x-a", "a\r\nx-b: b"), source=_NAMES),
    _head("NUL in a name", ("x-\0a", "a"), source=_NAMES),
    _head("CR in a name", ("x-\ra", "a"), source=_NAMES),
    _head("LF in a name", ("x-\na", "a"), source=_NAMES),
    _head("a request in :path", path="/v2/record HTTP/1.1\r\nhost: x\r\n\r\n", source=_NAMES),
    _head("NUL in :path", path="/v2/record\0", source=_NAMES),
    _head("CR LF in :authority", authority="x\r\nx-b: b", source=_NAMES),
    _head("LF in :method", method="POST\n", source=_NAMES),
)

LENGTHS = (
    ("a content-length that is too small", -1),
    ("a content-length that is too large", 1),
    ("a content-length that is no number", None),
)
"""What is wrong, and by how much; None: it is no number. RFC 9113 section 8.1.1."""


class Flood(msgspec.Struct, frozen=True):
    """Frames that are allowed one by one, and cost little to send; upload 1 is open."""

    what: str
    frame: bytes
    """What is sent over and over."""
    first: bytes = b""


_SETTING = frame(SETTINGS, 0, 0, setting(4, 65_535))
_NEXT = UPLOAD + 2
_MANY = 2_048

FLOODS = (
    Flood("a flood of SETTINGS", _SETTING),
    Flood(
        "a flood of SETTINGS, after 63,488 that nobody knows",
        _SETTING,
        b"".join(
            frame(SETTINGS, 0, 0, b"".join(setting(key, 1) for key in range(low, low + _MANY)))
            for low in range(_MANY, 1 << 16, _MANY)
        ),
    ),
    Flood("a flood of PING", frame(PING, 0, 0, b"recspec1")),
    Flood("a flood of PRIORITY", frame(PRIORITY, 0, UPLOAD, number(0) + b"\x10")),
    Flood("a flood of WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, UPLOAD, number(1))),
    Flood("a flood of empty DATA", frame(DATA, 0, UPLOAD)),
    Flood(
        "a flood of empty CONTINUATION",
        frame(CONTINUATION, 0, _NEXT),
        frame(HEADERS, 0, _NEXT),
    ),
)
