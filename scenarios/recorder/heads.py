"""Plays about heads: see `conformance.recorder_cases.heads`."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from hyperframe.frame import SettingsFrame

from conformance.wire import V1_RECORD, V2_RECORD
from fixtures.bench import Bench, event
from fixtures.peers.http1 import Http1Request
from fixtures.peers.http2 import PREFACE, Http2, Http2Request
from fixtures.peers.wire import ANSWER_S, Gone
from fixtures.target import Folder
from scenarios.recorder import plays

PROBE_S = 10.0
"""Seconds that a client gives the probe (protocol section 8)."""
QUIET_S = 4.0
"""Seconds for which no body byte is sent: longer than anybody's first write takes."""
NOWHERE = ("/record-nowhere", "/v3/record", "/v2/record/nowhere")


# --- the probe ------------------------------------------------------------------------------------


async def _probe(connection: Http2, name: str = "probe") -> Http2Request:
    request = await connection.ask("HEAD", V2_RECORD, name=name, end=True)
    await request.until_over(PROBE_S)
    return request


@plays("v2/probe")
async def probe(bench: Bench) -> None:
    """Ask as a client asks before it uploads."""
    await _probe(await bench.http2())


@plays("v2/probe-twice")
async def probe_twice(bench: Bench) -> None:
    """Ask twice, then upload, all over one connection."""
    connection = await bench.http2()
    await _probe(connection)
    await _probe(connection, "second probe")
    upload = await bench.v2(on=connection)
    await _through(bench, upload)


async def _through(bench: Bench, upload: Http1Request | Http2Request) -> None:
    """Send a small recording and end it."""
    if upload.opened:
        await upload.send(upload.header + event(bench.case.id))
        await upload.finish()


@plays("v2/probe-http1")
async def probe_http1(bench: Bench) -> None:
    """Ask over HTTP/1.1, and upload over v1 afterwards."""
    connection = await bench.http1()
    request = await connection.ask("HEAD", V2_RECORD, name="probe")
    await request.until_over(PROBE_S)
    # What follows the answer to HEAD comes right behind it, if it comes at all.
    await request.wire.until(lambda: request.wire.over, 1.0)
    await _through(bench, await bench.v1())


@plays("v2/absent")
async def absent(bench: Bench) -> None:
    """Probe as a client does that knows v2."""
    with contextlib.suppress(Gone):  # it was ended before all was sent: that is an answer
        await _probe(await bench.http2())
    await _through(bench, await bench.v1())


@plays("v1/preface")
async def preface(bench: Bench) -> None:
    """Begin with the preface of HTTP/2, beside an upload over v1 and before another."""
    neighbour = await bench.v1(name="neighbour")
    if neighbour.opened:
        await neighbour.send(neighbour.header + event("before"))
    connection = await bench.http1()
    head = PREFACE + SettingsFrame(0, settings={2: 0}).serialize()
    request = await connection.ask("PRI", "*", name="preface", head=head)
    await request.wire.until(
        lambda: request.status is not None or request.wire.over,
        PROBE_S,
        "an error or the end of the connection",
    )
    if request.status is None and not request.wire.over:
        frames = await bench.http2()
        await frames.wire.until(lambda: frames.settled, 2.0)  # is it HTTP/2 that was answered?
    if neighbour.opened:
        await neighbour.send(event("after"))
        await neighbour.finish()
    await _through(bench, await bench.v1(name="after"))


# --- before the first byte ------------------------------------------------------------------------


async def _quiet(bench: Bench, upload: Http1Request | Http2Request) -> None:
    """Leave the body empty for a while, then send it."""
    if upload.opened:
        await upload.idle(QUIET_S)
    await _through(bench, upload)


@plays("v2/before-body")
async def before_body_v2(bench: Bench) -> None:
    """Wait for the 200, and let the recorder wait for the body."""
    await _quiet(bench, await bench.v2())


@plays("v1/before-body")
async def before_body_v1(bench: Bench) -> None:
    """Wait for the 100, and let the recorder wait for the body."""
    await _quiet(bench, await bench.v1())


# --- the end of v1 --------------------------------------------------------------------------------


@plays("v1/final")
async def final(bench: Bench) -> None:
    """Stand still in the middle of the body: no final answer may come."""
    upload = await bench.v1()
    if upload.opened:
        await upload.send(upload.header + event("before"))
        await upload.idle(QUIET_S)
        await upload.send(event("after"))
        await upload.finish()


@plays("v1/final-killed")
async def final_killed(bench: Bench) -> None:
    """Kill a recorder of our own as soon as it said 200, start it again and look."""
    target = await bench.fresh(Folder(bench.folder()))
    upload = await bench.v1(to=target)
    if not upload.opened:
        return
    await upload.send(upload.header + event("x" * 1000) * 100)
    await upload.finish()
    await bench.kill(target)
    await bench.restart(target)
    await bench.look(upload)


# --- chunks ---------------------------------------------------------------------------------------


def _plays_v1(name: str) -> Callable[[Callable[[Http1Request], Awaitable[None]]], None]:
    """Register what is sent over one upload of v1, once it is opened."""

    def register(sends: Callable[[Http1Request], Awaitable[None]]) -> None:
        async def play(bench: Bench) -> None:
            upload = await bench.v1()
            if upload.opened:
                await sends(upload)
                await upload.until_over()

        plays(name)(play)

    return register


@_plays_v1("v1/chunk-sizes")
async def chunk_sizes(upload: Http1Request) -> None:
    """Chunks of one byte, of a megabyte, and sizes in capitals and with leading zeros."""
    for byte in upload.header:
        await upload.send(bytes([byte]))
    await upload.send(event("m" * (1 << 20)))
    line = event("x" * (0xABC - len(event(""))))
    await upload.chunk(b"%X\r\n" % len(line), line)
    await upload.chunk(b"0000%x\r\n" % len(line), line)
    await upload.end()


@_plays_v1("v1/chunk-extensions")
async def chunk_extensions(upload: Http1Request) -> None:
    """Extensions without a value, with one, with a quoted one, and on the last chunk."""
    for data, extension in (
        (upload.header, b";signed"),
        (event("a"), b";name=value"),
        (event("b"), b';name="a; b, c=d";other=1'),
    ):
        await upload.chunk(b"%x%b\r\n" % (len(data), extension), data)
    upload.note_end()
    await upload.wire.send(b"0;last=yes\r\n\r\n")


@_plays_v1("v1/trailers")
async def trailers(upload: Http1Request) -> None:
    """Two trailers that nobody announced."""
    await upload.send(upload.header + event("a"))
    await upload.end(b"X-Recspec-Digest: 0123\r\nX-Recspec-Lines: 2\r\n")


# --- refusals -------------------------------------------------------------------------------------


@plays("v1/refused")
async def refused(bench: Bench) -> None:
    """Upload to where there is nothing; whoever sends the 100 gets a body."""
    upload = await bench.v1(name="refused", intent="refused", path=NOWHERE[0], within=ANSWER_S)
    if upload.opened:
        with contextlib.suppress(Gone):  # a late refusal is judged
            await _through(bench, upload)
    await _through(bench, await bench.v1(name="after"))


@plays("v1/methods")
async def methods_v1(bench: Bench) -> None:
    """Ask the endpoint of v1 for what it cannot do, each time over a new connection."""
    for method in ("DELETE", "PUT"):
        connection = await bench.http1()
        fields = [("Content-Length", "0")] if method == "PUT" else []
        request = await connection.ask(method, V1_RECORD, fields, name="method")
        await request.until_over(ANSWER_S)


@plays("v2/methods")
async def methods_v2(bench: Bench) -> None:
    """Ask the endpoint of v2 for what it cannot do."""
    for method in ("DELETE", "PUT"):
        connection = await bench.http2()
        request = await connection.ask(method, V2_RECORD, name="method", end=True)
        await request.until_over(ANSWER_S)


@plays("v1/paths")
async def paths_v1(bench: Bench) -> None:
    """Probe for what nobody has, over HTTP/1.1."""
    for path in NOWHERE:
        connection = await bench.http1()
        request = await connection.ask("HEAD", path, name="path")
        await request.until_over(ANSWER_S)


@plays("v2/paths")
async def paths_v2(bench: Bench) -> None:
    """Probe for what nobody has, over HTTP/2."""
    connection = await bench.http2()
    for path in NOWHERE:
        request = await connection.ask("HEAD", path, name="path", end=True)
        await request.until_over(ANSWER_S)


@plays("v2/connection-fields")
async def connection_fields(bench: Bench) -> None:
    """Begin uploads with a field each that HTTP/2 does not know, each over its own connection."""
    for field in (
        ("connection", "keep-alive"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
    ):
        with contextlib.suppress(Gone):  # it was ended while we sent: that is an answer
            connection = await bench.http2()
            await bench.v2(name="malformed", intent="refused", on=connection, fields=[field])
            await connection.close()
    await _through(bench, await bench.v2(name="after"))
