"""Plays about hostile clients over HTTP/1.1: see `conformance.recorder_cases.hostile_http1`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterable

from conformance import http1_offences as bad
from conformance.checkers.aftermath import UNDER
from conformance.recorder_cases import hostile_http1 as case
from conformance.wire import V1_RECORD
from fixtures.bench import CONTINUE, Bench, event
from fixtures.peers.http1 import Http1, Http1Request
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone, Wire
from fixtures.store import new_marker
from scenarios.recorder import plays

END_S = 4.0
"""Seconds in which a target ends what must be ended, or answers it."""
COUNTED_S = 1.5
"""Seconds in which a size that was counted wrong has its answer; who counts on has none."""
MORE_S = 1.0
"""Seconds in which the answer to a second request comes behind that to the first."""


async def at_once(attempts: Iterable[Awaitable[None]]) -> None:
    """Make attempts side by side; each may lose its connection at any moment."""

    async def one(attempt: Awaitable[None]) -> None:
        with contextlib.suppress(Gone):
            await attempt

    await asyncio.gather(*map(one, attempts))


async def _until_over(request: Http1Request, within: float = END_S) -> None:
    """Wait for a final status, or the end of the connection."""
    await request.wire.until(
        lambda: request.status is not None or request.over,
        within,
        "an answer or the end of the connection",
        stream=request.asked.stream,
    )


def _head(connection: Http1, head: bytes) -> bytes:
    return head.replace(bad.AUTHORITY, connection.authority.encode())


async def _ask(
    bench: Bench, connection: Http1, name: str, head: bytes, data: bytes, marker: str
) -> Http1Request:
    """Send bytes as an upload whose recording is `data`; raises Gone, with all noted."""
    asking = connection.ask(
        "POST", V1_RECORD, name=name, marker=marker, head=_head(connection, head)
    )
    try:
        return await asking
    finally:
        request = connection.asked[-1]
        request.noted(data)
        bench.adopt(request)


# --- smuggling ------------------------------------------------------------------------------------


@plays("hostile/h1-smuggling")
async def smuggling(bench: Bench) -> None:
    """Send each pair over a connection of its own."""
    async with bench.undisturbed():
        await at_once(_smuggle(bench, one) for one in bad.SMUGGLING)


async def _smuggle(bench: Bench, one: bad.Smuggling) -> None:
    connection = await bench.http1()
    markers = new_marker(), new_marker()
    first, second = (bench.header(marker) + event(one.what) for marker in markers)
    request = bad.REQUEST + bad.HOST + bad.CHUNKED + b"\r\n" + bad.chunk(second) + b"0\r\n\r\n"
    head, body, rest = one.written(first, _head(connection, request))
    main = await _ask(bench, connection, one.what, head, first, markers[0])
    main.note_end()
    with contextlib.suppress(Gone):  # it was refused by its head
        behind = await _ask(
            bench, connection, one.what + case.BEHIND, body + rest, second, markers[1]
        )
        behind.note_end()
    await _until_over(main)
    await main.wire.until(lambda: connection.asked[-1].status is not None, MORE_S)


# --- heads ----------------------------------------------------------------------------------------


async def _refusable(bench: Bench, head: bad.Head) -> None:
    """Send a head that must be refused, with a recording behind it."""
    connection = await bench.http1()
    marker = new_marker()
    recording = bench.header(marker) + event(head.what)
    body = bad.chunk(recording) + b"0\r\n\r\n"
    request = await _ask(bench, connection, head.what, head.head + body, recording, marker)
    await _until_over(request)


@plays("hostile/h1-malformed")
async def malformed(bench: Bench) -> None:
    """Send each malformed head over a connection of its own."""
    async with bench.undisturbed():
        await at_once(_refusable(bench, head) for head in bad.MALFORMED)


@plays("hostile/h1-controls")
async def controls(bench: Bench) -> None:
    """Send control characters where they cannot be read as anything else."""
    async with bench.undisturbed():
        await at_once(_refusable(bench, head) for head in bad.CONTROLS)


@plays("hostile/h1-host")
async def host(bench: Bench) -> None:
    """Ask before sending, so that no reset can overtake the answer."""

    async def one(what: str, lines: bytes) -> None:
        connection = await bench.http1()
        waiting = b"Expect: 100-continue\r\n" + bad.CHUNKED
        head = _head(connection, bad.REQUEST + lines + waiting + b"\r\n")
        request = await connection.ask("POST", V1_RECORD, name=what, head=head)
        await request.until_opened(END_S)

    async with bench.undisturbed():
        await at_once(one(what, lines) for what, lines in bad.HOSTS)


@plays("hostile/h1-endless-head")
async def endless_head(bench: Bench) -> None:
    """Send field lines, and a request line, for as long as they are taken."""
    line = b"X-Recspec: " + b"x" * 1000 + b"\r\n"

    async def one(what: str, head: bytes, more: bytes) -> None:
        connection = await bench.http1()
        request = await connection.ask("POST", V1_RECORD, name=what, head=_head(connection, head))
        sent = 0
        while sent < case.HEAD_MIB << 20 and not request.over and request.status is None:
            await connection.raw(more, what)
            sent += len(more)
        await _until_over(request)

    async with bench.undisturbed():
        heads = bad.REQUEST + bad.HOST
        async with _weighed(bench):
            await at_once(
                (
                    one("a head without end", heads, line * 256),
                    one("a request line without end", b"POST /record", b"x" * (256 << 10)),
                )
            )


# --- chunks ---------------------------------------------------------------------------------------


@plays("hostile/h1-chunks")
async def chunks(bench: Bench) -> None:
    """Begin an upload well, and go on with a chunk that must not be read as one."""

    async def one(chunk: bad.Chunk) -> None:
        connection = await bench.http1()
        # What is stored of it is nobody's concern, so it has no marker that is searched for.
        upload = await connection.ask("POST", V1_RECORD, (CONTINUE,), name=chunk.what, chunked=True)
        if await upload.until_opened():
            await upload.send(bench.header(new_marker()))
            await connection.raw(chunk.data + b"0\r\n\r\n", chunk.what)
            await _until_over(upload, COUNTED_S if chunk.countable else END_S)

    async with bench.undisturbed():
        await at_once(map(one, bad.CHUNKS))


# --- what is refused ------------------------------------------------------------------------------


@plays("hostile/h1-refused")
async def refusals(bench: Bench) -> None:
    """Send a whole recording with each request, without waiting for leave."""

    async def one(what: str, method: str, path: str) -> None:
        connection = await bench.http1()
        marker = new_marker()
        recording = bench.header(marker) + event(what)
        head = b"%b %b HTTP/1.1\r\n" % (method.encode(), path.encode()) + bad.HOST + bad.CHUNKED
        data = head + b"\r\n" + bad.chunk(recording) + b"0\r\n\r\n"
        request = await _ask(bench, connection, what, data, recording, marker)
        await _until_over(request)

    async with bench.undisturbed():
        await at_once(one(*refusal) for refusal in case.REFUSALS)


# --- crowds and giants ----------------------------------------------------------------------------

_BATCH = 50


@plays("hostile/h1-idle")
async def idle(bench: Bench) -> None:
    """Make sessions while a crowd stands about."""
    async with bench.undisturbed():
        crowd: list[Wire] = []
        trickling: list[Wire] = []
        await _crowd(bench, case.IDLE, crowd)
        await _crowd(bench, case.TRICKLING, trickling)
        stop = asyncio.Event()
        trickle = asyncio.ensure_future(_trickle(trickling, stop))
        try:
            await _deaf(bench)
            await bench.whole(name="main")
        finally:
            stop.set()
            await trickle


async def _crowd(bench: Bench, size: int, crowd: list[Wire]) -> None:
    async def join() -> None:
        wire = await bench.dial()
        wire.read_into(lambda _: None)
        crowd.append(wire)

    for _ in range(size // _BATCH):
        await at_once(join() for _ in range(_BATCH))


async def _trickle(crowd: list[Wire], stop: asyncio.Event) -> None:
    """Send a head byte by byte, and never its end."""
    head = bad.REQUEST + b"Host: recspec\r\nX-Recspec: " + b"x" * 10_000
    for byte in head:
        if stop.is_set():
            return
        for wire in crowd:
            wire.write_soon(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await stop.wait()


async def _deaf(bench: Bench) -> None:
    """Ask for a hundred answers each, and read none."""

    async def one() -> None:
        wire = await bench.dial(receive_buffer=4096)
        wire.read_into(lambda _: None)
        wire.hold()
        ask = b"HEAD /v2/record HTTP/1.1\r\nHost: recspec\r\n\r\n"
        await wire.send(ask * 100, drain=False)

    for _ in range(case.DEAF // _BATCH):
        await at_once(one() for _ in range(_BATCH))


@contextlib.asynccontextmanager
async def _weighed(bench: Bench) -> AsyncIterator[None]:
    """Note the most memory that the target had while something went on."""
    over = asyncio.Event()
    weighing = asyncio.ensure_future(bench.weigh(UNDER, over))
    try:
        yield
    finally:
        over.set()
        await weighing


@plays("hostile/long-lines")
async def long_lines(bench: Bench) -> None:
    """Send long lines side by side, and their ends when all is there."""
    piece = b"x" * (256 << 10)

    async def one(upload: Request) -> None:
        await upload.send(upload.header + b'[0.5,"o","')
        for _ in range((case.LINE_MIB << 20) // len(piece)):
            await upload.send(piece)

    async with bench.undisturbed(), _weighed(bench):
        uploads = [await bench.begin(name="long line") for _ in range(case.LINES)]
        await at_once(one(upload) for upload in uploads if upload.opened)
        await at_once(_end(upload) for upload in uploads if upload.opened)


async def _end(upload: Request) -> None:
    await upload.send(b'"]\n')
    await upload.finish()


@plays("hostile/deep-headers")
async def deep_headers(bench: Bench) -> None:
    """Send headers that are too much for a reader that recurses, or that keeps all."""
    deep = case.NESTED

    async def one(what: str, more: bytes) -> None:
        upload = await bench.begin(name=what, intent="free")
        if upload.opened:
            header = upload.header[:-2] + b',"deep":' + more + b"}\n"
            for at in range(0, len(header), 1 << 18):
                await upload.send(header[at : at + (1 << 18)])
            await upload.send(event("behind"))
            await upload.finish()
        await bench.look(upload, within=0.0)

    async with bench.undisturbed(), _weighed(bench):
        await at_once(
            (
                one("a header of lists", b"[" * deep + b"]" * deep),
                one("a header of objects", b'{"a":' * deep + b"1" + b"}" * deep),
                one("a header of lists without end", b"[" * deep),
                one("a header of one long number", b"1" * (4 << 20)),
                one("a header of many keys", _keys()),
                one("a header of 4 MiB", b'"' + b"x" * (4 << 20) + b'"'),
            )
        )


def _keys() -> bytes:
    return b"{" + b",".join(b'"k%d":%d' % (at, at) for at in range(200_000)) + b"}"
