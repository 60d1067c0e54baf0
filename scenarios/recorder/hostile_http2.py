"""Plays about hostile clients over HTTP/2: see `conformance.recorder_cases.hostile_http2`.

Each offence has a connection of its own, all of a case at once, beside a session that must not
notice. What an offence meets is never the play's affair: that its connection ends is expected.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable

from conformance import http2_offences as bad
from conformance.checkers.aftermath import UNDER
from conformance.probed import Measured
from conformance.recorder_cases import hostile_http2 as case
from conformance.wire import V2_RECORD
from fixtures.bench import Bench, event
from fixtures.peers.http2 import PREFACE, Http2, Http2Request
from fixtures.peers.wire import Gone
from fixtures.store import new_marker
from scenarios.recorder import plays

END_S = 4.0
"""Seconds in which a target ends what must be ended."""
FLOOD_S = 5.0
"""Seconds for which a flood goes on at most: a target may hold it back."""
RESETS_S = 20.0
"""Seconds for all resets: who needs longer holds them back."""


async def _at_once(offences: Iterable[Awaitable[None]]) -> None:
    """Commit offences side by side; each may lose its connection at any moment."""

    async def one(offence: Awaitable[None]) -> None:
        with contextlib.suppress(Gone):
            await offence

    await asyncio.gather(*map(one, offences))


async def _upload(bench: Bench, name: str) -> Http2Request | None:
    """Open an upload on stream 1 of a new connection; None when the target does not take it.

    What is stored of it is nobody's concern, so it has no marker.
    """
    h2 = await bench.http2()
    await h2.until_settled(END_S)
    upload = await h2.ask("POST", V2_RECORD, name=name)
    return upload if await upload.until_opened() else None


# --- what is malformed ----------------------------------------------------------------------------


async def _send(bench: Bench, one: bad.Frames) -> None:
    """Send frames that must not be, and wait for what must come of them."""
    upload = None
    if one.upload:
        upload = await _upload(bench, one.what)
        if upload is None:
            return
        if one.ends_body:
            upload.note_end()
        h2 = upload.connection
    else:
        h2 = await bench.http2()
        await h2.until_settled(END_S)
    await h2.raw(one.data, one.what)
    await h2.wire.until(
        lambda: h2.goaway is not None or h2.resets > 0 or (upload is not None and upload.over),
        END_S,
        "the end of the stream or the connection",
    )


@plays("hostile/h2-frames")
async def wrong_frames(bench: Bench) -> None:
    """Send one kind of wrong frame on each connection."""
    async with bench.undisturbed():
        await _at_once(
            (
                *(_send(bench, one) for one in bad.FRAMES),
                _too_large(bench),
                _preface(bench, bad.NO_SETTINGS, PREFACE),
                _preface(
                    bench,
                    bad.BAD_PREFACE,
                    PREFACE[:-6] + b"XX\r\n\r\n" + bad.frame(bad.SETTINGS, 0, 0),
                ),
            )
        )


async def _too_large(bench: Bench) -> None:
    upload = await _upload(bench, bad.TOO_LARGE)
    if upload is None:
        return
    size = upload.connection.their_frame + 1
    if size > bad.LARGEST_FRAME:
        bench.remark(bad.TOO_LARGE)  # nothing is too large for it
        return
    await upload.connection.raw(bad.frame(bad.DATA, 0, upload.stream, bytes(size)), bad.TOO_LARGE)
    await _until_refused(upload)


async def _preface(bench: Bench, what: str, preface: bytes) -> None:
    """Ask behind a preface that is none."""
    h2 = await bench.http2(start=False)
    h2.answers_frames = False  # an acknowledgement would be a SETTINGS frame
    await h2.raw(preface, what)
    request = await h2.ask("HEAD", V2_RECORD, name=what, end=True)
    await request.until_answered(1.0)


async def _ask(bench: Bench, one: bad.Head) -> None:
    """Send the head of an upload that is malformed, and all the rest of it at once."""
    h2 = await bench.http2()
    await h2.until_settled(END_S)
    fields = [(k, h2.authority if v == bad.AUTHORITY else v) for k, v in one.fields]
    await _rest(bench, h2, one.what, fields)


async def _rest(bench: Bench, h2: Http2, what: str, fields: list[tuple[str, str]]) -> None:
    marker = new_marker()
    request = await h2.ask(
        "POST",
        V2_RECORD,
        name=what,
        intent="refused",
        marker=marker,
        head=fields,
        block=bad.block(fields),
    )
    bench.adopt(request)
    await request.send(bench.header(marker) + event("of one that is refused"))
    await request.end()
    await _until_refused(request)


async def _until_refused(request: Http2Request) -> None:
    h2, taken = request.connection, request.opened
    await h2.wire.until(
        lambda: request.over or h2.goaway is not None or (request.status is not None and not taken),
        END_S,
        "the end of the stream or the connection",
        stream=request.stream,
    )


@plays("hostile/h2-requests")
async def malformed(bench: Bench) -> None:
    """Send each malformed request with a body that would be a recording."""
    async with bench.undisturbed():
        await _at_once(_ask(bench, one) for one in bad.HEADS)


@plays("hostile/h2-controls")
async def controls(bench: Bench) -> None:
    """Send control characters in all places where fields may have them."""
    async with bench.undisturbed():
        await _at_once(_ask(bench, one) for one in bad.CONTROLS)


@plays("hostile/h2-lengths")
async def lengths(bench: Bench) -> None:
    """Say another length than the body turns out to have."""
    async with bench.undisturbed():
        await _at_once(_length(bench, what, by) for what, by in bad.LENGTHS)


async def _length(bench: Bench, what: str, by: int | None) -> None:
    body = event("of a length that is a lie")
    h2 = await bench.http2()
    # Every marker is as long as this one, and so is every header.
    size = len(bench.header(new_marker()) + body)
    length = "ten" if by is None else str(size + by)
    upload = await h2.ask("POST", V2_RECORD, [("content-length", length)], name=what)
    if await upload.until_opened():
        await upload.send(bench.header(new_marker()) + body)
        await upload.end()
        await _until_refused(upload)


@plays("hostile/h2-unknown")
async def unknown(bench: Bench) -> None:
    """Make an upload among frames and settings that nobody knows."""
    async with bench.undisturbed():
        with contextlib.suppress(Gone):
            h2 = await bench.http2(settings={4: 4 << 20, 0xBEEF: 7, 0xFF: (1 << 32) - 1})
            await h2.raw(bad.frame(bad.UNKNOWN, 0xFF, 0, b"recspec"), "a frame of unknown type")
            upload = await bench.v2(on=h2)
            await h2.raw(bad.frame(bad.UNKNOWN, 0x0, upload.stream), "one on the stream")
            await h2.raw(bad.frame(bad.PING, 0xFE, 0, b"recspec2"), "a PING with unknown flags")
            await h2.raw(
                bad.frame(bad.WINDOW_UPDATE, 0, upload.stream | 1 << 31, bad.number(1)),
                "a WINDOW_UPDATE with the reserved bit",
            )
            await upload.send(upload.header + event("among unknown frames"))
            await upload.finish()


# --- what is too much -----------------------------------------------------------------------------


@plays("hostile/h2-fields")
async def fields(bench: Bench) -> None:
    """Send header lists without bound: in one block, in one without end, and compressed."""
    many = (bad.literal("x-field", "x" * 120) * (bad.FRAME // 131))[: bad.FRAME]
    async with bench.undisturbed():
        await _at_once(
            (
                _long_list(bench, case.LONG_LIST, many, ends=True),
                _long_list(bench, case.ENDLESS, many, ends=False),
                _bomb(bench),
            )
        )


async def _long_list(bench: Bench, what: str, piece: bytes, *, ends: bool) -> None:
    h2 = await bench.http2()
    await h2.until_settled(END_S)
    request = await h2.ask("POST", V2_RECORD, name=what, block=b"", more=True)
    sent, whole = 0, case.LIST_MIB << 20
    head = bad.block(h2.head("POST", V2_RECORD))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FLOOD_S):
            while sent < whole and not request.over:
                last = ends and sent + len(piece) >= whole
                flags = bad.END_HEADERS if last else 0
                await h2.wire.send(bad.frame(bad.CONTINUATION, flags, request.stream, head + piece))
                sent, head = sent + len(piece), b""
    await _until_refused(request)


async def _bomb(bench: Bench) -> None:
    h2 = await bench.http2()
    await h2.until_settled(END_S)
    fields = bad.block(h2.head("POST", V2_RECORD))
    request = await h2.ask(
        "POST", V2_RECORD, name=case.BOMB, block=fields + bad.bomb(case.BOMB_MIB)
    )
    await _until_refused(request)


@plays("hostile/h2-resets")
async def resets(bench: Bench) -> None:
    """Open and reset uploads as fast as the target takes them."""
    async with bench.undisturbed():
        with contextlib.suppress(Gone):
            await _resets(bench)


async def _resets(bench: Bench) -> None:
    h2 = await bench.http2()
    await h2.until_settled(END_S)
    fields = bad.block(h2.head("POST", V2_RECORD))
    sent = 0
    await h2.raw(b"", case.RESET)
    try:
        async with asyncio.timeout(RESETS_S):
            while sent < case.RESETS and h2.goaway is None:
                first = 2 * sent + 1
                await h2.wire.send(
                    b"".join(
                        bad.frame(bad.HEADERS, bad.END_HEADERS, stream, fields)
                        + bad.frame(bad.RST_STREAM, 0, stream, bad.number(8))
                        for stream in range(first, first + 2 * _BATCH, 2)
                    )
                )
                sent += _BATCH
            await h2.ping(within=RESETS_S)
    except TimeoutError:
        pass  # it is held back
    finally:
        bench.remark(case.RESET, sent)


_BATCH = 100


@plays("hostile/h2-floods")
async def floods(bench: Bench) -> None:
    """Flood with frames that cost little to send, and read nothing of what they ask for.

    As long as the floods go on, uploads are made beside them, one after the other.
    """
    async with bench.undisturbed():
        flooding = asyncio.ensure_future(_at_once(_flood(bench, one) for one in bad.FLOODS))
        try:
            while not flooding.done():
                with contextlib.suppress(Gone):
                    await bench.whole(name="main")
                await asyncio.wait({flooding}, timeout=_PAUSE_S)
        finally:
            await flooding
        await bench.measure(UNDER)


_PAUSE_S = 0.1


async def _flood(bench: Bench, one: bad.Flood) -> None:
    h2 = await bench.http2(receive_buffer=4096)
    await h2.until_settled(END_S)
    upload = await h2.ask("POST", V2_RECORD, name=one.what)
    await upload.until_opened()
    h2.wire.hold()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FLOOD_S):
            await h2.raw(one.first, one.what)
            for _ in range(case.FLOOD // _BATCH):
                await h2.wire.send(one.frame * _BATCH)


# --- windows and idleness -------------------------------------------------------------------------


@plays("hostile/h2-windows")
async def windows(bench: Bench) -> None:
    """Make windows too large, and send more than a window holds."""
    async with bench.undisturbed():
        await _at_once((*(_send(bench, one) for one in bad.WINDOWS), _overrun(bench)))


async def _overrun(bench: Bench) -> None:
    """Send four windows in one go; how much was allowed in the end is the judge's to count."""
    upload = await _upload(bench, case.OVERRUN)
    if upload is None:
        return
    h2 = upload.connection
    size = 4 * h2.their_window
    if size > _MUCH:
        return
    bench.log.note(Measured(what=case.INITIAL, value=h2.their_window, unit="bytes"))
    line = event("x" * 16_000)
    for _ in range(size // len(line)):
        upload.noted(line)
        await h2.wire.send(bad.frame(bad.DATA, 0, upload.stream, line), drain=False)
    await upload.end()
    await _until_refused(upload)


_MUCH = 16 << 20


@plays("hostile/h2-idle")
async def idle(bench: Bench) -> None:
    """Hold many streams and connections open, with nothing to say and nothing to read."""
    async with bench.undisturbed():
        await _at_once(
            (
                *(_idle_streams(bench) for _ in range(2)),
                *(_idle_connection(bench) for _ in range(case.STREAMS)),
                *(_blind(bench) for _ in range(case.BLIND)),
            )
        )
        with contextlib.suppress(Gone):
            await bench.whole(name="main")


async def _idle_streams(bench: Bench) -> None:
    """Open half of the streams on one connection, as far as the target allows."""
    h2 = await bench.http2()
    await h2.until_settled(END_S)
    most = h2.their_settings.get(_MAX_STREAMS, case.STREAMS)
    asked = [
        await h2.ask("POST", V2_RECORD, name=case.IDLE) for _ in range(min(case.STREAMS // 2, most))
    ]
    await h2.wire.until(
        lambda: all(request.status is not None or request.over for request in asked),
        END_S,
        "the answers to all of them",
    )


_MAX_STREAMS = 3


async def _idle_connection(bench: Bench) -> None:
    await bench.http2()


async def _blind(bench: Bench) -> None:
    """Make an upload with no window for its answer, and read nothing of it."""
    h2 = await bench.http2(settings={4: 0}, window=0, receive_buffer=4096)
    await h2.until_settled(END_S)
    upload = await h2.ask("POST", V2_RECORD, name=case.UNREAD)
    if await upload.until_opened():
        h2.wire.hold()
        await upload.send(bench.header(new_marker()) + event("of one that does not read"))
        await upload.end()
