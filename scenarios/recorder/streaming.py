"""Plays about the body of an upload: see `conformance.recorder_cases.streaming`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec

from conformance.cases import Need
from conformance.recorder_cases.streaming import VERSIONS
from fixtures.bench import Bench, event
from fixtures.peers.http2 import Http2Request
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone
from scenarios.recorder import plays

LATE_S = 40.0
IDLE_S = 45.0
FLOOD = 64 << 20
LONG_LINE = 16 << 20
IN_S3 = 8 << 20
"""The S3 of a run holds large objects in memory, some of them more than once."""
SHORT_LINES = 1_000_000
GIVEN_S = 20.0
"""Seconds after which no more is sent: how much a recorder takes in a second is its own affair."""
_PAUSE_S = 0.1
"""So long apart, two pieces are read apart."""

Play = Callable[[Bench, str], Awaitable[None]]


def _both(name: str) -> Callable[[Play], Play]:
    """Register a play that is the same for v1 and for v2."""

    def register(play: Play) -> Play:
        for version in VERSIONS:
            plays(f"streaming/{name}-{version}")(_over(play, version))
        return play

    return register


def _over(play: Play, version: str) -> Callable[[Bench], Awaitable[None]]:
    return lambda bench: play(bench, version)


async def begin(
    bench: Bench, version: str, *, name: str = "main", intent: str = "whole"
) -> Request:
    """Begin an upload over `version`. Raises Gone."""
    if version == "v1":
        return await bench.v1(name=name, intent=intent)
    return await bench.v2(name=name, intent=intent)


# --- times ----------------------------------------------------------------------------------------


@_both("late-header")
async def late_header(bench: Bench, version: str) -> None:
    """Send nothing at all for a long time, then a recording."""
    upload = await begin(bench, version)
    await upload.idle(LATE_S)
    await upload.send(upload.header)
    await upload.send(event("late"))
    await upload.finish()


@_both("idle")
async def idle(bench: Bench, version: str) -> None:
    """Send the beginning of a recording, nothing for a long time, and the end."""
    upload = await begin(bench, version)
    await upload.send(upload.header + event("before"))
    await upload.idle(IDLE_S)
    await upload.send(event("after", IDLE_S))
    await upload.finish()


# --- cuts -----------------------------------------------------------------------------------------

_TEXT = '[0.5,"o","日本\\u00e9\\ud83d\\ude00 😀 \\r\\n\\"\\\\ é"]\n'.encode()


@_both("one-write")
async def one_write(bench: Bench, version: str) -> None:
    """Send header, events and end without a pause."""
    upload = await begin(bench, version)
    body = upload.header + event("first") + event("second")
    if isinstance(upload, Http2Request):
        await upload.end(body)
    else:
        await upload.send(body)
        await upload.end()
    await upload.until_over()


@_both("bytewise")
async def bytewise(bench: Bench, version: str) -> None:
    """Send every byte by itself, with some empty DATA frames."""
    upload = await begin(bench, version)
    for number, byte in enumerate(upload.header + _TEXT + event("end")):
        if isinstance(upload, Http2Request) and number % 50 == 0:
            await upload.empty()
        await upload.send(bytes((byte,)))
    await upload.finish()


@_both("cuts")
async def cuts(bench: Bench, version: str) -> None:
    """Cut where it hurts who reads line by line, and let each piece arrive by itself."""
    upload = await begin(bench, version)
    await upload.send(upload.header[:20])
    await upload.idle(_PAUSE_S)
    await upload.send(upload.header[20:-1])
    await upload.idle(_PAUSE_S)
    await upload.send(b"\n")
    for piece in cut(_TEXT, (b"0.", "日".encode()[:1], b"\\u0", b"\\ud83d", b"\\", b"\n")):
        await upload.idle(_PAUSE_S)
        await upload.send(piece)
    await upload.send(event("end"))
    await upload.finish()


def cut(text: bytes, behind: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield `text` in pieces, cut behind the first of each of `behind`, one after the other."""
    at = 0
    for mark in behind:
        end = text.index(mark, at) + len(mark)
        yield text[at:end]
        at = end
    if text[at:]:
        yield text[at:]


@_both("plain")
async def plain(bench: Bench, version: str) -> None:
    """Send a head as short as upstream's."""
    upload = await begin(bench, version)
    await upload.send(upload.header + event("hello"))
    await upload.finish()


@plays("streaming/end")
async def end(bench: Bench) -> None:
    """Stay silent for longer than an ack takes, before and after an event, then end."""
    upload = await bench.v2()
    await upload.send(upload.header)
    await upload.until_acks(1, 12.0)
    await upload.send(event("between"))
    await upload.until_acks(2, 12.0)
    await upload.finish()


# --- amounts --------------------------------------------------------------------------------------


async def pour(upload: Request, blocks: Iterator[bytes]) -> None:
    """Send as fast as it is taken, for at most `GIVEN_S` seconds. Raises Gone."""
    deadline = time.monotonic() + GIVEN_S
    for block in blocks:
        await upload.send(block)
        if time.monotonic() >= deadline:
            return


_LINES = 1024
"""Of a kilobyte each: what is made and sent in one go."""
_FILLING = b"recspec" * 145


def numbered(size: int) -> Iterator[bytes]:
    """Yield events, each with a number of its own, in blocks."""
    for first in range(0, size >> 10, _LINES):
        yield b"".join(
            b'[%d.5,"o","%08d %b"]\n' % (number >> 10, number, _FILLING)
            for number in range(first, first + _LINES)
        )


@_both("flood")
async def flood(bench: Bench, version: str) -> None:
    """Send a lot, as fast as it is taken."""
    async with bench.in_turn():
        upload = await begin(bench, version)
        await upload.send(upload.header)
        await pour(upload, numbered(IN_S3 if bench.has(Need.S3) else FLOOD))
        await upload.finish()
        await bench.look(upload)


@_both("long-line")
async def long_line(bench: Bench, version: str) -> None:
    """Send one event of many megabytes between two short ones."""
    size = IN_S3 if bench.has(Need.S3) else LONG_LINE
    async with bench.in_turn():
        upload = await begin(bench, version)
        await upload.send(upload.header + event("before") + b'[1.0,"o","')
        await pour(
            upload,
            (
                b"".join(b"%08d " % number + _FILLING for number in range(first, first + _LINES))
                for first in range(0, size >> 10, _LINES)
            ),
        )
        await upload.send(b'"]\n' + event("after", 2.0))
        await upload.finish()
        await bench.look(upload)


@plays("streaming/short-lines")
async def short_lines(bench: Bench) -> None:
    """Send a million events of one character."""
    step = 20_000
    async with bench.in_turn():
        upload = await bench.begin()
        await upload.send(upload.header)
        await pour(
            upload,
            (
                b"".join(b'[%d.%03d,"o","x"]\n' % divmod(n, 1000) for n in range(at, at + step))
                for at in range(0, SHORT_LINES, step)
            ),
        )
        await upload.finish()
        await bench.look(upload)


# --- contents -------------------------------------------------------------------------------------

WRITTEN = (
    rb'[0.1,"o","\u003cb\u003e \u0026 \u2028\u2029"]',
    '[0.2,"o","<b> & \u2028\u2029"]'.encode(),
    rb'[0.3,"o","\/ \b\f\t\" \\ \u007f"]',
    rb'[0.4,"o","\u00e9\uD83D\uDE00\u001b[31m"]',
    '[0.5,"o","é😀\x7f"]'.encode(),
    rb'[0.60,"o","\ud83d"]',
    rb' [ 7e-1 , "o" , "spaces" ] ',
    rb'[8.000000,"\u006f","o"]',
)


@_both("text")
async def text(bench: Bench, version: str) -> None:
    """Send the same text in all the ways that JSON has."""
    upload = await begin(bench, version)
    header = upload.header.replace(b'"recspec"', rb'"echo \u003c \u0026\u0026 \u2028"')
    for line in (header, *(line + b"\n" for line in WRITTEN)):
        await upload.send(line)
    await upload.finish()


def _versions(bench: Bench) -> Iterator[str]:
    """Yield the versions that the target speaks."""
    yield from (version for version in VERSIONS if bench.has(Need(version)))


@plays("streaming/headers")
async def headers(bench: Bench) -> None:
    """Send the headers of a tagged node, of a user's node, and of Kubernetes."""
    for version in _versions(bench):
        for name in ("a user's node", "a tagged node", "no terminal", "Kubernetes"):
            with contextlib.suppress(Gone):
                upload = await begin(bench, version, name=f"{name}, {version}")
                await upload.send(_header(name, upload) + event("hello"))
                await upload.finish()


def _header(name: str, upload: Request) -> bytes:
    fields: dict[str, Any] = msgspec.json.decode(upload.header)
    if name in ("a tagged node", "Kubernetes"):
        del fields["srcNodeUserID"], fields["srcNodeUser"]
        fields["srcNodeTags"] = ["tag:server", "tag:prod"]
    if name in ("no terminal", "Kubernetes"):
        fields |= {"width": 0, "height": 0}
        del fields["command"]
    if name == "Kubernetes":
        pod = {"PodName": upload.marker, "Namespace": "default", "Container": "web"}
        fields |= dict.fromkeys(("sshUser", "localUser", "connectionID"), "")
        fields |= {"env": None, "kubernetes": {**pod, "SessionType": "exec"}}
    return msgspec.json.encode(fields) + b"\n"


Odd = Callable[[bytes, str], bytes]
"""Makes a body of a good header line and the marker that must be in it."""


async def _send_odd(bench: Bench, odd: dict[str, Odd]) -> None:
    """Send each of these recordings over a connection of its own, in all versions, all at once."""

    async def one(version: str, name: str, body: Odd) -> None:
        with contextlib.suppress(Gone):
            upload = await begin(bench, version, name=f"{name}, {version}", intent="free")
            with contextlib.suppress(Gone):
                if data := body(upload.header, upload.marker):
                    await upload.send(data)
                await upload.finish()
            stored = upload.body.size and upload.body_over and upload.answer_over
            await bench.look(upload, within=None if stored else 0.0)

    await asyncio.gather(
        *(one(version, name, body) for version in _versions(bench) for name, body in odd.items())
    )


_HELLO = event("hello")
ODD_HEADERS: dict[str, Odd] = {
    "text in place of a header": lambda _, marker: f"by hand: {marker}\n".encode() + _HELLO,
    "an array in place of a header": lambda _, marker: f'["{marker}"]\n'.encode() + _HELLO,
    "no header line": lambda _, marker: event(marker) + _HELLO,
    "an empty first line": lambda header, _: b"\n" + header + _HELLO,
    "a byte order mark": lambda header, _: b"\xef\xbb\xbf" + header + _HELLO,
    "a header cut off": lambda header, _: header[:-2],
    "values of other types": lambda header, _: (
        header.replace(b'"width":80', b'"width":"wide"').replace(b'"srcNodeUserID":1', b'"x":[]')
        + _HELLO
    ),
    "unknown header keys": lambda header, _: (
        header[:-2] + b',"x-vendor":{"a":[1,null,{"b":1e400}]},"title":"t","":0}\n' + _HELLO
    ),
    "a key twice": lambda header, _: header[:-2] + b',"version":2}\n' + _HELLO,
    "a header that is not UTF-8": lambda header, _: (
        header.replace(b"recspec", b"\xff\xc3") + _HELLO
    ),
    "a NUL in the header": lambda header, _: header.replace(b"recspec", b"\0") + _HELLO,
    "version 3": lambda header, _: header.replace(b'"version":2', b'"version":3') + b"# no event\n",
}
ODD_LINES: dict[str, Odd] = {
    "lines that are not JSON": lambda header, _: header + b"{{{\nls -l\n]\n" + _HELLO,
    "events of other shapes": lambda header, _: (
        header + b'[1]\n{}\n5\nnull\n["1","o",2]\n[1,"?","x","y"]\n[-1,"o",""]\n'
    ),
    "blank lines": lambda header, _: header + b"\n\n \n" + _HELLO + b"\n",
    "CRLF": lambda header, _: (header + _HELLO).replace(b"\n", b"\r\n"),
    "CR alone": lambda header, _: header + _HELLO.replace(b"\n", b"\r") * 2,
    "no newline at the end": lambda header, _: header + _HELLO[:-1],
    "a last line cut off": lambda header, _: header + _HELLO + _HELLO[:-4],
    "NUL bytes": lambda header, _: header + b"\0\0" + _HELLO.replace(b"ll", b"\0") + b"\0",
    "bytes that are not UTF-8": lambda header, _: header + b'[1,"o","\xff\xfe\xc3"]\n\xe6\x97\n',
    "every byte there is": lambda header, _: header + bytes(range(256)) * 4,
}
ODD_ORDER: dict[str, Odd] = {
    "rows first in a resize": lambda header, _: header + event("24x80", 0.1, "r") + _HELLO,
    "times that go back": lambda header, _: header + event("a", 3.0) + event("b", 1.0),
    "a resize behind later output": lambda header, _: header + _HELLO + event("9x9", 0.1, "r"),
    "unknown events": lambda header, _: header + event("?", 0.1, "zz") + event("0", 0.2, "x"),
}


@plays("streaming/odd-headers")
async def odd_headers(bench: Bench) -> None:
    """Send recordings whose first lines are no good headers."""
    await _send_odd(bench, ODD_HEADERS)


@plays("streaming/odd-lines")
async def odd_lines(bench: Bench) -> None:
    """Send recordings whose other lines are no good events."""
    await _send_odd(bench, ODD_LINES)


@plays("streaming/odd-order")
async def odd_order(bench: Bench) -> None:
    """Send what Kubernetes sessions do wrong, and what later versions may add."""
    await _send_odd(bench, ODD_ORDER)


@plays("streaming/empty")
async def empty(bench: Bench) -> None:
    """End uploads before a byte was sent."""
    await _send_odd(bench, {"nothing": lambda _, __: b""})
