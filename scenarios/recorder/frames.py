"""Plays about HTTP/2's frames, and about many at once: see `conformance.recorder_cases.frames`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

from hyperframe.frame import GoAwayFrame, PingFrame, SettingsFrame, WindowUpdateFrame

from conformance.cases import Need
from conformance.recorder_cases.frames import (
    HEADER_LIST,
    HEADER_LIST_SENT,
    MANY,
    MAY_SEND,
    MUST_STOP,
    ONE_OF_MANY,
    PING_SENT,
    SETTINGS_SENT,
    STANDING,
    STREAMS_SETTING,
    USED,
    WENT_ON,
    WINDOW,
)
from conformance.wire import V2_RECORD
from fixtures.bench import Bench, event
from fixtures.peers.http2 import WINDOW as SMALLEST
from fixtures.peers.http2 import Http2, Http2Request
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone
from scenarios.recorder import plays

BIT = 3
"""Bytes by which a window is opened that is opened bit by bit."""
SHUT_S = 6.5
"""Seconds for which a window is shut: longer than the cadence of acks."""
ACKS_S = 7.0
"""Seconds in which an ack is due, with what a busy machine needs."""
FINAL_S = 10.0
"""Seconds for the end of an upload that nothing holds up."""
PATIENCE_S = 25.0
"""Seconds in which a recorder that has read everything has given some window back."""
TOO_LARGE = 8 << 20
"""A window that is not worth using up."""
LOOK_S = 8.0
"""Seconds for looking for all of many uploads."""


# --- the client's settings ------------------------------------------------------------------------


@plays("frames/window-in-bits")
async def window_in_bits(bench: Bench) -> None:
    """Begin with no window at all, and open it by a few bytes whenever it is used up."""
    bench.remark(MAY_SEND, 0)
    connection = await bench.http2({2: 0, 4: 0}, window=0)
    connection.gives_window = False
    upload = await bench.v2(intent="slow", on=connection)
    if not upload.opened:
        return
    await upload.send(upload.header + event("before the window"))
    await upload.end()
    await upload.idle(1.0)
    given = 0
    while not upload.over and given < SMALLEST:
        given += BIT
        if not await _open(bench, upload, given, BIT):
            # Who waits for more room than this may have it: the windows are what counts.
            given += SMALLEST
            await _open(bench, upload, given, SMALLEST)
    await upload.until_over(FINAL_S)


async def _open(bench: Bench, upload: Http2Request, given: int, more: int) -> bool:
    """Open the window by `more` to `given` in all; tell whether it is used up then, or all over."""
    bench.remark(MAY_SEND, given)
    await upload.connection.frame(WindowUpdateFrame(upload.stream, window_increment=more))
    await upload.wire.until(lambda: len(upload.answer) >= given or upload.over, 2.0)
    return len(upload.answer) >= given or upload.over


@plays("frames/window-shut")
async def window_shut(bench: Bench) -> None:
    """Take the window away from a stream that is open, by SETTINGS, and give it back."""
    connection = await bench.http2({2: 0, 4: SMALLEST})
    connection.gives_window = False
    upload = await bench.v2(intent="slow", on=connection)
    if not upload.opened:
        return
    await upload.send(upload.header + event("before"))
    bench.remark(MUST_STOP)
    await connection.set({4: 0})
    await upload.idle(SHUT_S)
    bench.remark(MAY_SEND, SMALLEST)
    await connection.set({4: SMALLEST})
    await upload.until_acks(1, ACKS_S)
    await upload.send(event("after", 7.0))
    await upload.end()
    await upload.until_over(FINAL_S)


@plays("frames/small-settings")
async def small_settings(bench: Bench) -> None:
    """Be the smallest client that there may be: no table, no large frame, few fields."""
    bench.remark(HEADER_LIST_SENT, HEADER_LIST)
    connection = await bench.http2(
        {1: 0, 2: 0, 3: 0, 4: SMALLEST, 5: 16_384, 6: HEADER_LIST}, window=0
    )
    probe = await connection.ask("HEAD", V2_RECORD, name="probe", end=True)
    await probe.until_over(FINAL_S)
    await _acked_once(await bench.v2(on=connection))


@plays("frames/large-settings")
async def large_settings(bench: Bench) -> None:
    """Be as large as upstream's client."""
    connection = await bench.http2({2: 0, 4: 4 << 20, 5: 1 << 20, 6: 10 << 20})
    fields = (("accept-encoding", "gzip"), ("user-agent", "Go-http-client/2.0"))
    await _acked_once(await bench.v2(on=connection, fields=fields))


async def _acked_once(upload: Http2Request) -> None:
    if upload.opened:
        await upload.send(upload.header + event("before"))
        await upload.until_acks(1, ACKS_S)
        await upload.send(event("after", 7.0))
        await upload.finish()


# --- the recorder's windows -----------------------------------------------------------------------


@plays("frames/window-returned")
async def window_returned(bench: Bench) -> None:
    """Send more than either window of the recorder held at first, unless they are huge."""
    connection = await bench.http2()
    await connection.until_settled()
    upload = await bench.v2(intent="free", on=connection)
    if not upload.opened:
        return
    upload.patience = PATIENCE_S
    ours = [window for window in (upload.window, connection.window) if window <= TOO_LARGE]
    bench.remark(WINDOW, upload.window)
    await upload.send(upload.header)
    line = event("x" * 10_000)
    for _ in range(2 * max(ours, default=0) // len(line) + 1):
        await upload.send(line)
    bench.remark(USED, upload.body.size)
    await upload.finish()


@plays("frames/padding-returned")
async def padding_returned(bench: Bench) -> None:
    """Send a byte a frame with all the padding there may be, until that is more than the window."""
    connection = await bench.http2()
    await connection.until_settled()
    upload = await bench.v2(intent="free", on=connection)
    if not upload.opened:
        return
    upload.patience = PATIENCE_S
    bench.remark(WINDOW, upload.window)
    await upload.send(upload.header)
    used = upload.body.size
    few = upload.window <= TOO_LARGE // 4
    for byte in event("x" * (upload.window // 250 if few else 10)):
        await upload.send_padded(bytes([byte]), 255)
        used += 257
    bench.remark(USED, used)
    await upload.finish()


# --- SETTINGS, PING, GOAWAY -----------------------------------------------------------------------


@plays("frames/answers")
async def answers(bench: Bench) -> None:
    """Change settings in the middle of an upload, and send three PING in one write."""
    bench.remark(SETTINGS_SENT)
    connection = await bench.http2()
    upload = await bench.v2(on=connection)
    if not upload.opened:
        return
    await upload.send(upload.header + event("before"))
    changes: Sequence[dict[int, int]] = ({4: 1 << 20}, {0xFA00: 7, 4: 2 << 20}, {})
    for settings in changes:
        bench.remark(SETTINGS_SENT)
        await connection.set(settings)
    pings = [b"recspec%d" % number for number in range(3)]
    for ping in pings:
        bench.remark(PING_SENT, ping.hex())
    await connection.frame(*(PingFrame(0, ping) for ping in pings))
    await upload.wire.until(
        lambda: set(pings) <= set(connection.pongs), FINAL_S, "the answers to three PING"
    )
    await upload.send(event("after"))
    await upload.finish()


@plays("frames/goaway")
async def goaway(bench: Bench) -> None:
    """Say that no stream of the recorder's is wanted, and go on with ours."""
    connection = await bench.http2()
    upload = await bench.v2(on=connection)
    if not upload.opened:
        return
    await upload.send(upload.header + event("before"))
    await connection.frame(GoAwayFrame(0, last_stream_id=0, error_code=0))
    await upload.idle(1.0)
    await upload.send(event("after"))
    await upload.finish()


# --- many at once ---------------------------------------------------------------------------------


async def _one_of_many(bench: Bench, on: Http2 | None = None, *, v1: bool = False) -> Request:
    """Begin one of many uploads; the case judges them together."""
    if v1:
        return await bench.v1(name=ONE_OF_MANY, intent="free")
    return await bench.v2(name=ONE_OF_MANY, intent="free", on=on)


async def _send(upload: Request, data: bytes) -> None:
    if upload.opened:
        with contextlib.suppress(Gone):  # noted; the others go on
            await upload.send(data)


async def _finish(upload: Request) -> None:
    if upload.opened:
        with contextlib.suppress(Gone):  # noted; the others go on
            await upload.end()
            await upload.until_over(FINAL_S)


async def _look(bench: Bench, uploads: Sequence[Request]) -> None:
    """Look for all of them, in the time that one may take."""
    deadline = time.monotonic() + LOOK_S
    for upload in uploads:
        done = upload.body_over and upload.answer_over
        left = deadline - time.monotonic()
        await bench.look(upload, within=max(0.0, left) if done else 0.0)


@plays("frames/hundred-streams")
async def hundred_streams(bench: Bench) -> None:
    """Open as many uploads as the setting allows, at most a hundred; then go through with them."""
    connection = await bench.http2()
    if not await connection.until_settled():
        return
    limit = connection.their_settings.get(SettingsFrame.MAX_CONCURRENT_STREAMS)
    bench.remark(STREAMS_SETTING, "any" if limit is None else limit)
    count = MANY if limit is None else min(MANY, limit)
    uploads = await asyncio.gather(*(_one_of_many(bench, connection) for _ in range(count)))
    for upload in uploads:
        await _send(upload, upload.header + event("all are open"))
    await asyncio.gather(*map(_finish, uploads))
    await _look(bench, uploads)


@plays("frames/standing-still")
async def standing_still(bench: Bench) -> None:
    """Never read one of the streams, while others are acked, end, and begin."""
    connection = await bench.http2({2: 0, 4: 0})
    standing = await bench.v2(name=STANDING, intent="slow", on=connection)
    if not standing.opened:
        return
    await standing.send(standing.header + b'[0.5,"o","in the middle')
    uploads = [await _read(await _one_of_many(bench, connection)) for _ in range(5)]
    for upload in uploads:
        await _send(upload, upload.header + event("beside it"))
    await asyncio.gather(*(upload.until_acks(1, ACKS_S) for upload in uploads if upload.opened))
    # By now an ack is due on the stream that is not read, and cannot be sent.
    uploads += [await _read(await _one_of_many(bench, connection)) for _ in range(2)]
    for upload in uploads[5:]:
        await _send(upload, upload.header)
    for upload in uploads:
        await _send(upload, event("still beside it", 6.0))
    await asyncio.gather(*map(_finish, uploads))
    bench.remark(WENT_ON)
    await _read(standing)
    await _go_on(standing)
    await _look(bench, uploads)


async def _go_on(standing: Request) -> None:
    with contextlib.suppress(Gone):  # noted; the others are looked for all the same
        await standing.send(b' of a line"]\n')
        await standing.finish()


async def _read(upload: Request) -> Request:
    """Open the window of a stream that began with none."""
    assert isinstance(upload, Http2Request)
    with contextlib.suppress(Gone):  # noted
        await upload.connection.frame(WindowUpdateFrame(upload.stream, window_increment=1 << 20))
    return upload


@plays("frames/hundred-connections")
async def hundred_connections(bench: Bench) -> None:
    """Leave an upload standing in the middle of a line, one of each version, beside a hundred."""
    both = bench.has(Need.V1) and bench.has(Need.V2)
    standing: list[Request] = []
    if bench.has(Need.V1):
        standing.append(await bench.v1(name=STANDING, intent="slow"))
    if bench.has(Need.V2):
        standing.append(await bench.v2(name=STANDING, intent="slow"))
    for upload in standing:
        if upload.opened:
            await upload.send(upload.header + b'[0.5,"o","in the middle')
            upload.wire.hold()
    versions = [not bench.has(Need.V2) or (both and number % 2 == 0) for number in range(MANY)]
    begun = await asyncio.gather(
        *(_one_of_many(bench, v1=v1) for v1 in versions), return_exceptions=True
    )
    uploads = [one for one in begun if isinstance(one, Request)]
    failures = [one for one in begun if isinstance(one, BaseException)]
    for upload in uploads:
        await _send(upload, upload.header + event("all are open"))
    await asyncio.gather(*map(_finish, uploads))
    bench.remark(WENT_ON)
    for upload in standing:
        upload.wire.go_on()
        if upload.opened:
            await _go_on(upload)
    await _look(bench, uploads)
    for failure in failures:
        if not isinstance(failure, Gone):  # those are noted, and judged
            raise failure
