"""Offences against HTTP/1.1: what no client may send, and what a server may make of it.

A table only. A server may always end the connection in place of an answer, unless a source says
which answer it must give. Nothing here is wrong by taste: leniency that RFC 9112 allows (LF for
CRLF in heads, folded lines read as one, bare CR and NUL read as spaces) is allowed here too.
"""

from __future__ import annotations

import msgspec

AUTHORITY = b"\0authority\0"
"""Stands for the target's own authority in a head."""
REQUEST = b"POST /record HTTP/1.1\r\n"
HOST = b"Host: " + AUTHORITY + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


class Smuggling(msgspec.Struct, frozen=True):
    """A request whose end can be read in two ways, with a second one behind or inside it."""

    what: str
    clause: str
    fields: bytes
    """What follows Host; ``%(short)d`` ends before the second request, ``%(long)d`` behind it."""
    shape: str = "behind"
    """``behind`` the last chunk, ``inside`` a chunk, or ``plain`` behind a body without chunks."""
    request: bytes = REQUEST

    def written(self, first: bytes, second: bytes) -> tuple[bytes, bytes, bytes]:
        """Return head, body and what is smuggled; `first` is a recording, `second` a request."""
        match self.shape:
            case "behind":
                body, rest = chunk(first) + b"0\r\n\r\n", second
            case "inside":
                body = b"%x\r\n" % (len(first) + len(second)) + first
                rest = second + b"\r\n0\r\n\r\n"
            case _:
                body, rest = first, second
        sizes = {b"short": len(body), b"long": len(body) + len(second)}
        return self.request + HOST + self.fields % sizes + b"\r\n", body, rest


def chunk(data: bytes) -> bytes:
    """Return one chunk as it should be."""
    return b"%x\r\n%b\r\n" % (len(data), data)


_LONG = b"Content-Length: %(long)d\r\n"
_SHORT = b"Content-Length: %(short)d\r\n"

SMUGGLING = (
    Smuggling("chunked and a length behind it", "hostile-4", CHUNKED + _LONG),
    Smuggling("a length and chunked behind it", "hostile-4", _LONG + CHUNKED),
    Smuggling("a length that ends inside a chunk", "hostile-4", _SHORT + CHUNKED, "inside"),
    Smuggling("two lengths, the shorter first", "hostile-4", _SHORT + _LONG, "plain"),
    Smuggling("two lengths, the longer first", "hostile-4", _LONG + _SHORT, "plain"),
    Smuggling(
        "two lengths in one field",
        "hostile-4",
        b"Content-Length: %(short)d, %(long)d\r\n",
        "plain",
    ),
    Smuggling(
        "chunked, identity and a length",
        "hostile-4",
        CHUNKED + b"Transfer-Encoding: identity\r\n" + _LONG,
    ),
    Smuggling(
        "identity, chunked and a length",
        "hostile-4",
        b"Transfer-Encoding: identity, chunked\r\n" + _LONG,
    ),
    Smuggling("chunked twice and a length", "hostile-4", CHUNKED * 2 + _LONG),
    Smuggling("xchunked and a length", "hostile-4", b"Transfer-Encoding: xchunked\r\n" + _LONG),
    Smuggling(
        "chunked behind a vertical tab, and a length",
        "hostile-4",
        b"Transfer-Encoding: \x0bchunked\r\n" + _LONG,
    ),
    Smuggling(
        "chunked on a folded line, and a length",
        "hostile-4",
        b"Transfer-Encoding:\r\n chunked\r\n" + _LONG,
    ),
    Smuggling(
        "chunked behind a bare LF, and a length",
        "hostile-4",
        b"X-Recspec: a\nTransfer-Encoding: chunked\r\n" + _LONG,
    ),
    Smuggling(
        "chunked with a space before the colon, and a length",
        "hostile-4",
        b"Transfer-Encoding : chunked\r\n" + _LONG,
    ),
    Smuggling(
        "chunked over HTTP/1.0, and a length",
        "hostile-4",
        b"Connection: keep-alive\r\n" + CHUNKED + _LONG,
        request=b"POST /record HTTP/1.0\r\n",
    ),
    Smuggling(
        "chunked behind a bare CR, and a length",
        "hostile-7",
        b"X-Recspec: a\rTransfer-Encoding: chunked\r\n" + _LONG,
    ),
    Smuggling(
        "a length behind a bare CR",
        "hostile-7",
        b"X-Recspec: a\rContent-Length: %(short)d\r\n" + _LONG,
        "plain",
    ),
)
"""None of them may be read as two requests (RFC 9112 sections 6.1, 6.3 and 11.2)."""


class Head(msgspec.Struct, frozen=True):
    """A head that must be refused; a recording in one chunk follows it."""

    what: str
    head: bytes
    source: str


def _with(what: str, line: bytes, source: str) -> Head:
    return Head(what, REQUEST + HOST + CHUNKED + line + b"\r\n\r\n", source)


def _length(value: bytes) -> Head:
    return Head(
        f"a length of {value.decode()!r}",
        REQUEST + HOST + b"Content-Length: %b\r\n\r\n" % value,
        "RFC 9112 §6.3",
    )


MALFORMED = (
    Head("binary garbage", bytes(range(1, 10)) + b"\xff\xfe\r\n\r\n", "RFC 9112 §2.2"),
    Head(
        "the beginning of TLS",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xa5" * 40 + b"\r\n\r\n",
        "RFC 9112 §2.2",
    ),
    Head("no version", b"POST /record\r\n" + HOST + CHUNKED + b"\r\n", "RFC 9112 §3"),
    Head(
        "a version that is none",
        b"POST /record HTTP/x.y\r\n" + HOST + CHUNKED + b"\r\n",
        "RFC 9112 §2.3",
    ),
    Head(
        "a method that is no token",
        b"PO(ST /record HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n",
        "RFC 9112 §3.1",
    ),
    Head(
        "NUL in the target",
        b"POST /record\0 HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n",
        "RFC 9112 §3.2",
    ),
    _with("a space before a colon", b"X-Recspec : 1", "RFC 9112 §5.1"),
    _with("a line without a colon", b"X-Recspec", "RFC 9112 §5"),
    _with("a field without a name", b": 1", "RFC 9112 §5"),
    _with("a space in a field's name", b"X Recspec: 1", "RFC 9112 §5"),
    *(_length(value) for value in (b"-1", b"+5", b"0x5", b"5 5", b"1_0", b"five")),
    Head(
        "a coding that does not end in chunked",
        REQUEST + HOST + b"Transfer-Encoding: chunked, identity\r\n\r\n",
        "RFC 9112 §6.3",
    ),
    Head(
        "a coding that nobody knows",
        REQUEST + HOST + b"Transfer-Encoding: recspec\r\n\r\n",
        "RFC 9112 §6.3",
    ),
)

CONTROLS = (
    _with("NUL in a field's name", b"X-Rec\0spec: 1", "RFC 9110 §5.1"),
    _with("a bare CR in a field's name", b"X-Rec\rspec: 1", "RFC 9110 §5.1; RFC 9112 §2.2"),
    Head(
        "NUL in Transfer-Encoding",
        REQUEST + HOST + b"Transfer-Encoding: chu\0nked\r\n\r\n",
        "RFC 9110 §5.5; RFC 9112 §6.3",
    ),
    Head(
        "NUL in a length",
        REQUEST + HOST + b"Content-Length: 1\x000\r\n\r\n",
        "RFC 9110 §5.5; RFC 9112 §6.3",
    ),
    Head(
        "NUL in Host",
        REQUEST + b"Host: a\0b\r\n" + CHUNKED + b"\r\n",
        "RFC 9110 §5.5; RFC 9112 §3.2",
    ),
    Head(
        "a bare CR in Host",
        REQUEST + b"Host: a\rb\r\n" + CHUNKED + b"\r\n",
        "RFC 9112 §2.2; RFC 9112 §3.2",
    ),
)
"""Wrong also when what is dangerous is replaced by a space (RFC 9110 section 5.5)."""

HOSTS = (
    ("no Host", b""),
    ("two Hosts", HOST + b"Host: recspec.example\r\n"),
    ("the same Host twice", HOST * 2),
    ("a space in Host", b"Host: a b\r\n"),
    ("a slash in Host", b"Host: a/b\r\n"),
    ("a user in Host", b"Host: a@b\r\n"),
)
"""All are answered 400: RFC 9112 section 3.2."""


class Chunk(msgspec.Struct, frozen=True):
    """A chunk that must not be read as one. The last chunk follows it."""

    what: str
    data: bytes
    clause: str = "hostile-6"
    countable: bool = False
    """True for a number that some can count: waiting for so much is right too."""


def _size(size: bytes) -> Chunk:
    return Chunk(f"a chunk size of {size.decode()!r}", size + b"\r\nhello\r\n")


def _large(size: bytes) -> Chunk:
    return Chunk(f"a chunk size of {size.decode()}", size + b"\r\nhello\r\n", countable=True)


CHUNKS = (
    *map(_size, (b"0x5", b"0X5", b"+5", b"-5", b"0_5", b"5h", b"five", b"5.0", b"")),
    _size("\uff15".encode()),
    *map(
        _large,
        (
            b"100000005",
            b"10000000000000005",
            b"8000000000000005",
            b"FFFFFFFFFFFFFFFB",
            b"F" * 40,
            b"1" + b"0" * 400 + b"5",
        ),
    ),
    Chunk("a bare LF behind a chunk size", b"5\nhello\r\n"),
    Chunk("a bare LF in a chunk extension", b"5;a\nb\r\nhello\r\n"),
    Chunk("a chunk that is longer than its size", b"5\r\nhello, world\r\n", "hostile-3"),
)
"""RFC 9112 section 7.1: 1*HEXDIG, extensions without LF, CRLF. Only heads may do with LF (2.2)."""
