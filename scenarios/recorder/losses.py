"""Plays about losses: see `conformance.recorder_cases.losses`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

import msgspec
from hyperframe.frame import DataFrame, GoAwayFrame, HeadersFrame, RstStreamFrame, SettingsFrame

from conformance.recorder_cases.losses import CODES, GOAWAY_CODES
from conformance.wire import V1_RECORD, V2_RECORD
from fixtures.bench import Bench, event
from fixtures.peers.http1 import Http1Request
from fixtures.peers.http2 import CANCEL, PREFACE, Http2
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone, Wire
from scenarios.recorder import plays

ACKED_S = 8.0
"""Seconds within which what was sent is acked, a little lateness included."""
READ_S = 5.0
"""Seconds after which a recorder has read what came, though over v1 it does not say so."""
STILL_S = 7.0
"""Seconds in which a recorder that goes on with a stream acks it once more."""
CLOSED_S = 5.0
"""Seconds that a recorder has to say something to a client that said FIN."""
FIRST = event("first")
SECOND = event("bell \a, euro €", 1.0)
LAST = event("last", 2.0)


def _headed(upload: Request) -> bytes:
    """Return the upload's header with its marker in front: half of it can be found then."""
    fields = msgspec.json.decode(upload.header, type=dict[str, object])
    return msgspec.json.encode({"connectionID": upload.marker, **fields}) + b"\n"


def _points(header: bytes) -> dict[str, bytes]:
    """Return what was sent when it breaks off, by the name of the point."""
    escape = SECOND.index(rb"\u") + 3
    character = SECOND.index("€".encode()) + 1
    return {
        "nothing": b"",
        "in-header": header[:80],
        "header-unended": header[:-1],
        "header": header,
        "in-line": header + FIRST + SECOND[:6],
        "in-escape": header + FIRST + SECOND[:escape],
        "in-character": header + FIRST + SECOND[:character],
        "before-last-line": header + FIRST + SECOND,
        "last-line-unended": header + FIRST + SECOND + LAST[:-1],
        "body-unended": header + FIRST + SECOND + LAST,
    }


POINTS = tuple(_points(b"\n"))
ENDED = "ended"
"""The point after the end of the body, before the answer."""


@contextlib.asynccontextmanager
async def _beside(bench: Bench) -> AsyncIterator[None]:
    """Hold a session open beside the losses, end it afterwards, and make a new one."""
    neighbour = await bench.begin(name="neighbour")
    if neighbour.opened:
        await neighbour.send(neighbour.header + event("before"))
    yield
    if neighbour.opened:
        await neighbour.send(event("after"))
        await neighbour.finish()
    await bench.whole(name="after")


async def _all(losses: Iterable[Awaitable[None]]) -> None:
    """Play losses side by side; one that the recorder ends is judged from the history."""

    async def one(loss: Awaitable[None]) -> None:
        with contextlib.suppress(Gone):
            await loss

    await asyncio.gather(*map(one, losses))


async def _acked(upload: Request) -> None:
    if upload.body.size:
        await upload.until_acked(upload.body.size, ACKED_S)


# --- streams --------------------------------------------------------------------------------------


async def _lose_streams(bench: Bench, lose: Callable[[Http2], Iterable[Awaitable[None]]]) -> None:
    """Lose streams of a connection, and go on over it."""
    connection = await bench.http2()
    main = await bench.v2(on=connection)
    if not main.opened:
        return
    await main.send(main.header + event("before"))
    await _all(lose(connection))
    await main.idle(STILL_S)
    after = await bench.v2(name="after", on=connection)
    if after.opened:
        await after.send(after.header + event("later"))
        await after.finish()
    await main.send(event("after"))
    await main.finish()


async def _reset(
    bench: Bench, connection: Http2, name: str, point: str, code: int = CANCEL
) -> None:
    """Reset a stream once all that was sent of it is acked."""
    upload = await bench.v2(name=name, intent="cut", on=connection)
    if upload.opened:
        await upload.send(_points(_headed(upload))[point])
        await _acked(upload)
        await upload.cut("stream", code)


async def _reset_ended(bench: Bench, connection: Http2) -> None:
    """End a body and reset its stream in the same breath."""
    upload = await bench.v2(name=ENDED, intent="cut", on=connection)
    if upload.opened:
        await upload.send(_points(_headed(upload))["body-unended"])
        await _acked(upload)
        upload.note_end()
        upload.note_cut("stream")
        await connection.frame(
            DataFrame(upload.stream, b"", flags=["END_STREAM"]),
            RstStreamFrame(upload.stream, error_code=CANCEL),
        )


async def _reset_unanswered(bench: Bench, connection: Http2) -> None:
    """Reset a stream before it is answered."""
    upload = await bench.v2(name="before-200", intent="free", on=connection, within=0)
    await upload.cut("stream")


@plays("losses/stream")
async def stream(bench: Bench) -> None:
    """Reset streams at every point of an upload, as a client does that gives up."""
    await _lose_streams(
        bench,
        lambda connection: [
            _reset_unanswered(bench, connection),
            *(_reset(bench, connection, point, point) for point in POINTS),
            _reset_ended(bench, connection),
        ],
    )


@plays("losses/stream-codes")
async def stream_codes(bench: Bench) -> None:
    """Reset streams with each error code that there is, and one that there is not."""
    await _lose_streams(
        bench,
        lambda connection: [
            _reset(bench, connection, f"code-{code}", "in-line", code) for code in CODES
        ],
    )


# --- connections of HTTP/2 ------------------------------------------------------------------------


async def _break_v2(bench: Bench, point: str, how: str) -> None:
    """Break a connection: with a FIN at once, with a reset once all is acked."""
    upload = await bench.v2(name=f"{how}-{point}", intent="cut")
    if not upload.opened:
        return
    await upload.send(_points(_headed(upload))["body-unended" if point == ENDED else point])
    if how == "reset":
        await _acked(upload)
    if point == ENDED:
        await upload.end()
    await upload.cut(how)


@plays("losses/v2-tcp")
async def v2_tcp(bench: Bench) -> None:
    """Break a connection at every point of an upload, by FIN and by reset."""
    async with _beside(bench):
        await _all(
            _break_v2(bench, point, how) for how in ("fin", "reset") for point in (*POINTS, ENDED)
        )


async def _goaway(bench: Bench, code: int) -> None:
    """Say GOAWAY over a connection with two uploads, and close it."""
    connection = await bench.http2()
    pair = [
        await bench.v2(name=f"goaway-{code}-{point}", intent="cut", on=connection)
        for point in ("header", "in-line")
    ]
    if not all(upload.opened for upload in pair):
        return
    await pair[0].send(_points(_headed(pair[0]))["header"])
    await pair[1].send(_points(_headed(pair[1]))["in-line"])
    await asyncio.gather(*map(_acked, pair))
    await connection.frame(GoAwayFrame(0, last_stream_id=0, error_code=code))
    for upload in pair:
        upload.note_cut("fin")
    await connection.close()


@plays("losses/goaway")
async def goaway(bench: Bench) -> None:
    """Say goodbye, politely and less so, and leave at once."""
    async with _beside(bench):
        await _all(_goaway(bench, code) for code in GOAWAY_CODES)


async def _end(wire: Wire, how: str) -> None:
    if how == "fin":
        await wire.close()
    else:
        wire.reset()


def _beginnings(connection: Http2) -> dict[str, bytes]:
    """Return what was sent of a connection when it breaks off, by what comes of it."""
    settings = SettingsFrame(0, settings={2: 0, 4: 4 << 20}).serialize()
    block = connection.encoder.encode(connection.head("POST", V2_RECORD))
    whole = HeadersFrame(1, block, flags=["END_HEADERS"]).serialize()
    part = HeadersFrame(1, block[: len(block) // 2]).serialize()
    return {
        "the preface": PREFACE[:10],
        "SETTINGS": PREFACE + settings[:12],
        "HEADERS": PREFACE + settings + whole[:-5],
        "the field block, before CONTINUATION": PREFACE + settings + part,
    }


async def _leave_v2(bench: Bench, number: int, how: str) -> None:
    """Leave a connection in the middle of its first frames."""
    connection = await bench.http2(start=False)
    what, data = list(_beginnings(connection).items())[number]
    await connection.raw(data, f"a connection that breaks off in {what}")
    await _end(connection.wire, how)


async def _leave_untouched(bench: Bench, how: str) -> None:
    """Leave a connection before its first byte."""
    connection = await bench.http2(start=False)
    await _end(connection.wire, how)


async def _leave_unanswered_v2(bench: Bench, how: str) -> None:
    """Leave before the 200."""
    upload = await bench.v2(name=f"{how}-before-200", intent="free", within=0)
    await upload.cut(how)


async def _leave_in_data(bench: Bench, how: str) -> None:
    """Leave in the middle of a DATA frame."""
    upload = await bench.v2(name=f"{how}-in-data", intent="free")
    if upload.opened:
        await upload.send(upload.header)
        frame = DataFrame(upload.stream, FIRST).serialize()
        await upload.connection.raw(frame[:-4], "a connection that breaks off in DATA")
        await upload.cut(how)


@plays("losses/v2-heads")
async def v2_heads(bench: Bench) -> None:
    """Leave before and in the frames that come before a body, and in one of the body's."""
    async with _beside(bench):
        for how in ("fin", "reset"):
            await _all(
                [
                    _leave_untouched(bench, how),
                    *(_leave_v2(bench, number, how) for number in range(4)),
                    _leave_unanswered_v2(bench, how),
                    _leave_in_data(bench, how),
                ]
            )


# --- HTTP/1.1 -------------------------------------------------------------------------------------


async def _in_size(upload: Http1Request) -> None:
    """Stop in a chunk's size: twenty-something is meant."""
    await upload.wire.send(b"2")


async def _after_size(upload: Http1Request) -> None:
    await upload.wire.send(b"%x\r\n" % len(SECOND))


async def _in_chunk(upload: Http1Request) -> None:
    await upload.part(len(SECOND), SECOND[:10])


async def _chunk_unended(upload: Http1Request) -> None:
    await upload.part(len(SECOND), SECOND)


async def _in_last_chunk(upload: Http1Request) -> None:
    """Stop after the 0, which may yet become 0a."""
    await upload.wire.send(b"0")


async def _ended(upload: Http1Request) -> None:
    await upload.end()


FRAMING: dict[str, Callable[[Http1Request], Awaitable[None]]] = {
    "in-chunk-size": _in_size,
    "after-chunk-size": _after_size,
    "in-chunk": _in_chunk,
    "chunk-unended": _chunk_unended,
    "in-last-chunk": _in_last_chunk,
    ENDED: _ended,
}
"""What follows a header and a line, when it breaks off in the framing."""


async def _break_v1(bench: Bench, point: str, how: str) -> None:
    """Break an upload over v1: at once with a FIN, with a reset once all is read."""
    upload = await bench.v1(name=f"{how}-{point}", intent="cut")
    if not upload.opened:
        return
    header = _headed(upload)
    if data := header + FIRST if point in FRAMING else _points(header)[point]:
        await upload.send(data)
    if point in FRAMING:
        await FRAMING[point](upload)
    if how == "reset" and point != ENDED:
        await upload.idle(READ_S)
    await upload.cut(how)
    if how == "half":
        await upload.wire.until_over(CLOSED_S)


@plays("losses/v1-half")
async def v1_half(bench: Bench) -> None:
    """Say FIN at every point of an upload, and read what the recorder says to it."""
    async with _beside(bench):
        await _all(_break_v1(bench, point, "half") for point in (*POINTS, *FRAMING))


@plays("losses/v1-tcp")
async def v1_tcp(bench: Bench) -> None:
    """Break a connection at every point of an upload, by FIN and by reset."""
    async with _beside(bench):
        await _all(
            _break_v1(bench, point, how)
            for how in ("fin", "reset")
            for point in (*POINTS, *FRAMING)
        )


async def _leave_v1(bench: Bench, head: bytes, how: str) -> None:
    """Leave a connection before its head is whole."""
    connection = await bench.http1()
    if head:
        await connection.raw(head, "a request that breaks off in its head")
    await _end(connection.wire, how)


async def _leave_unanswered_v1(bench: Bench, how: str) -> None:
    """Leave before the interim 100."""
    upload = await bench.v1(name=f"{how}-before-100", intent="free", within=0)
    await upload.cut(how)


@plays("losses/v1-heads")
async def v1_heads(bench: Bench) -> None:
    """Leave before and in a request's head."""
    line = f"POST {V1_RECORD} HTTP/1.1\r\n".encode()
    fields = line + f"Host: {bench.target.authority}\r\nTransfer-Encoding: chunked\r\n".encode()
    async with _beside(bench):
        for how in ("fin", "reset"):
            await _all(
                [
                    *(_leave_v1(bench, h, how) for h in (b"", line[:3], line, fields[:-9], fields)),
                    _leave_unanswered_v1(bench, how),
                ]
            )
