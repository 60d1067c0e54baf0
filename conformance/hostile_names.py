"""Names and headers that lead astray: what clients may claim, and should not be believed.

A table only. ``MARKER`` stands for the upload's marker, so that what strays can be told, and
``OUTSIDE`` for a folder of the probe's own that exists. No name leads further up than beside the
base path.
"""

from __future__ import annotations

import msgspec

MARKER = "\0marker\0"
OUTSIDE = "\0outside\0"

UP = f"../{MARKER}"
TWICE_UP = f"../../{MARKER}"
ABSOLUTE = f"{OUTSIDE}/{MARKER}"

TRAVERSALS: tuple[tuple[str, str], ...] = (
    ("..", ".."),
    ("../", UP),
    ("/../", f"/{UP}"),
    ("./../", f"./{UP}"),
    ("down and up twice", f"recspec/{TWICE_UP}"),
    ("../ once taken out", f"....//{MARKER}"),
    ("../ taken out in the middle", f"..././{MARKER}"),
    ("../ behind NUL", f"\0{UP}"),
    ("../ and NUL", f"{UP}\0recspec"),
    ("../ and a line feed", f"{UP}\nrecspec"),
    ("..\\", f"..\\{MARKER}"),
    ("%2e%2e/", f"%2e%2e/{MARKER}"),
    ("..%2f", f"..%2f{MARKER}"),
    ("..%252f", f"..%252f{MARKER}"),
    ("wide dots and slash", f"\uff0e\uff0e\uff0f{MARKER}"),
    ("an absolute path", ABSOLUTE),
    ("an absolute path of two slashes", f"/{ABSOLUTE}"),
    ("an absolute path behind NUL", f"\0{ABSOLUTE}"),
    ("a file URL", f"file://{ABSOLUTE}"),
    ("a drive", f"C:\\{MARKER}"),
    ("a share", f"\\\\recspec\\{MARKER}"),
)
"""NodeIDs."""

FIELDS = (
    "srcNode",
    "srcNodeUser",
    "sshUser",
    "localUser",
    "connectionID",
    "command",
    "title",
)
"""Fields that may name a file beside srcNodeID; so may those of ``kubernetes``, and tags."""
NESTED: tuple[tuple[str, str], ...] = (
    ("env", "TERM"),
    ("kubernetes", "PodName"),
    ("kubernetes", "Namespace"),
    ("kubernetes", "Container"),
    ("kubernetes", "SessionType"),
)

_LONG = "x" * 300

NODES: tuple[tuple[str, str], ...] = (
    ("an empty NodeID", ""),
    *(
        (f"the NodeID {value!r}", value)
        for value in (
            *(".", "...", "_", "-", "~", "%", "unknown", "null", "none", "undefined"),
            *("CON", "NUL", "aux.cast", ".incoming", ".tmp", "lost+found", "index.html"),
        )
    ),
    *(
        (f"a NodeID with {text!r} in it", f"recspec{text}b")
        for text in (
            *("/", "\\", ":", "*", "?", '"', "<", "|", " ", "_", "-", "", "+", "&", "=", "@"),
            *(
                "%2F",
                "\n",
                "\r",
                "\t",
                "\0",
                "\x1b",
                "\x7f",
                "\u2028",
                "\u202e",
                "\u00e9",
                "\U0001f512",
            ),
        )
    ),
    *(
        (f"the NodeID {value!r}", value)
        for value in (
            "recspec",
            "recspec.",
            "recspec ",
            " recspec",
            ".recspec",
            "-recspec",
            "recspec/",
        )
    ),
    ("a NodeID of 301 letters", f"{_LONG}a"),
    ("another of 301 letters", f"{_LONG}b"),
    ("a NodeID of 600 bytes", "\u00e9" * 300 + "a"),
    ("another of 600 bytes", "\u00e9" * 300 + "b"),
    ("a NodeID of 5,001 letters", f"{'x' * 5000}a"),
    ("another of 5,001 letters", f"{'x' * 5000}b"),
    ("a NodeID of 70,001 letters", f"{'x' * 70_000}a"),
    ("another of 70,001 letters", f"{'x' * 70_000}b"),
)
"""Each is another node. What only a filesystem without case or accents mixes up is left out."""

TIMES: tuple[tuple[str, str], ...] = (
    *(
        (f"the timestamp {text}", text)
        for text in (
            *("-1", "0", "1.5", "1e308", "1e400", "-1e400", "NaN", "Infinity", "-Infinity"),
            *("253402300800", "-62135596801", "9223372036854775808"),
            *("-9223372036854775809", "18446744073709551616", "1700000000000"),
            *("null", "true", "[]", "{}", "[1700000000]", '""', '"1700000000"', '"now"'),
            *('"2026-01-01T00:00:00Z"', '"\\u0000"', '1700000000,"timestamp":-1'),
        )
    ),
    ("a timestamp of 5,000 digits", "9" * 5000),
    ("a timestamp that leads up", f'"{UP}"'),
    ("a timestamp that leads up twice", f'"{TWICE_UP}"'),
    ("a timestamp that is an absolute path", f'"{ABSOLUTE}"'),
)
"""As JSON, or what some take for it."""


class Line(msgspec.Struct, frozen=True):
    """A header line that is not what it should be."""

    what: str
    line: bytes
    """``%m`` stands for the marker; the line feed is part of it."""


LINES = (
    Line("no header line", b""),
    Line("an empty header line", b"\n"),
    Line("a header that is no JSON", b"recspec %m\n"),
    Line("a header that is an array", b'["%m"]\n'),
    Line("a header that is a string", b'"%m"\n'),
    Line("a header that is null", b"null\n"),
    Line("a header without end", b'{"recspec":"%m","srcNodeID":"recspec'),
    Line("a header and something behind it", b'{"recspec":"%m","srcNodeID":"recspec"} {}\n'),
    Line("a header behind a byte order mark", b'\xef\xbb\xbf{"recspec":"%m","srcNodeID":"a"}\n'),
    Line("a header in UTF-16", '{"srcNodeID":"recspec"}'.encode("utf-16") + b"\n"),
    Line("a header of NULs", b"\0" * 100 + b"%m\n"),
    Line("a NodeID that is not UTF-8", b'{"recspec":"%m","srcNodeID":"\xff\xfe\x80"}\n'),
    Line("../ in two bytes a dot", b'{"recspec":"%m","srcNodeID":"\xc0\xae\xc0\xae\xc0\xaf%m"}\n'),
    Line("a NodeID of a lone surrogate", b'{"recspec":"%m","srcNodeID":"\\ud800"}\n'),
    Line("../ in escapes", b'{"recspec":"%m","srcNodeID":"\\u002e\\u002e\\u002f%m"}\n'),
    Line(
        "two NodeIDs, the first leads up", b'{"recspec":"%m","srcNodeID":"../%m","srcNodeID":"a"}\n'
    ),
    Line(
        "two NodeIDs, the second leads up",
        b'{"recspec":"%m","srcNodeID":"a","srcNodeID":"../%m"}\n',
    ),
    Line("srcnodeid leads up", b'{"recspec":"%m","srcnodeid":"../%m"}\n'),
    Line("a NodeID that is a number", b'{"recspec":"%m","srcNodeID":-1e400}\n'),
    Line("a NodeID that is a list", b'{"recspec":"%m","srcNodeID":["../%m"]}\n'),
    Line("a NodeID that is an object", b'{"recspec":"%m","srcNodeID":{"a":"../%m"}}\n'),
    Line("a header behind CRLF", b'\r\n{"recspec":"%m","srcNodeID":"recspec"}\r\n'),
)
"""A recording is kept as it was sent, or refused: what is wrong with it is not the recorder's."""

EVENTS: tuple[tuple[str, str], ...] = (
    ("source", "nodeID"),
    ("source", "node"),
    ("destination", "nodeID"),
    ("destination", "node"),
    ("kubernetes", "Name"),
    ("kubernetes", "Namespace"),
    ("", "id"),
    ("", "type"),
    ("", "timestamp"),
)
"""Where in an event a name may stand; no object means the event itself."""
