"""Plays about recorders that are killed: see `conformance.recorder_cases.restarts`."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Iterable

from conformance.cases import Need
from conformance.recorder_cases.restarts import FIRST
from fixtures.bench import KEPT_S, STORED_S, Bench, event
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone
from fixtures.target import Target
from scenarios.recorder import plays
from scenarios.recorder.storing import own

ACK_S = 12.0
"""Seconds for acks of what was sent: two turns of the cadence."""
FLOOD_S = 20.0
_LINE = event("x" * 1000)


async def begin(bench: Bench, to: Target, name: str, need: str = Need.V2) -> Request:
    """Begin an upload that a kill will break off."""
    start = bench.v2 if need == Need.V2 else bench.v1
    return await start(name=name, intent="free", to=to)


async def killed(bench: Bench, target: Target, uploads: Iterable[Request]) -> None:
    """Kill the recorder, wait until its connections are over, and start it again."""
    await bench.kill(target)
    for upload in uploads:
        await upload.wire.until_over(10.0)
    await bench.restart(target)


async def survived(bench: Bench, upload: Request) -> None:
    """Look for what must be there of an upload, and what there is besides."""
    done = upload.body_over and upload.answer_over
    least = upload.body.size if done else max(upload.acks, default=0)
    within = STORED_S if done else KEPT_S if least else 0.0
    await bench.look(upload, within=within, least=least)


def _stages(header: bytes) -> dict[str, bytes]:
    """Return how far uploads are when the kill comes. The marker stands at the header's end."""
    return {
        "nothing yet": b"",
        "in the header": header[:-2],
        "after the header": header,
        "in a line": header + _LINE + _LINE[:-9],
        "between lines": header + _LINE * 20,
    }


async def _whole(bench: Bench, target: Target, need: str) -> list[Request]:
    """Make an upload that is answered with success."""
    start = bench.v2 if need == Need.V2 else bench.v1
    upload = await start(name="ended", to=target)
    if upload.opened:
        await upload.send(upload.header + _LINE * 20)
        await upload.finish()
    return [upload]


async def _at_all_stages(bench: Bench, target: Target, need: str) -> list[Request]:
    uploads = []
    for name in _stages(b""):
        upload = await begin(bench, target, name, need)
        uploads.append(upload)
        data = _stages(upload.header)[name]
        if upload.opened and data:
            await upload.send(data)
    if need == Need.V2:
        await asyncio.gather(*(u.until_acked(u.body.size, ACK_S) for u in uploads if u.opened))
    return uploads


async def _ending(bench: Bench, target: Target, need: str) -> list[Request]:
    """End an upload, and do not wait for the answer."""
    upload = await begin(bench, target, "ending", need)
    if upload.opened:
        await upload.send(upload.header + _LINE * 20)
        await upload.end()
    return [upload]


async def _kill_at_all_stages(bench: Bench, need: Need) -> None:
    target, _ = await own(bench)
    uploads = await _at_all_stages(bench, target, need)
    uploads += await _whole(bench, target, need)
    uploads += await _ending(bench, target, need)
    await killed(bench, target, uploads)
    for upload in uploads:
        await survived(bench, upload)
    await bench.whole(name="after", to=target)


@plays("restarts/stages")
async def stages(bench: Bench) -> None:
    """Have one upload at each stage, all of it acked, and kill."""
    await _kill_at_all_stages(bench, Need.V2)


@plays("restarts/v1")
async def v1(bench: Bench) -> None:
    """Have one upload at each stage, and kill."""
    await _kill_at_all_stages(bench, Need.V1)


@plays("restarts/flooded")
async def flooded(bench: Bench) -> None:
    """Send without a pause until an ack came and some more, and kill meanwhile."""
    target, _ = await own(bench)
    for number in (1, 2):
        upload = await begin(bench, target, f"flood {number}")
        if not upload.opened:
            return
        await upload.send(upload.header)
        flood = asyncio.ensure_future(_flood(upload))
        try:
            await upload.until_acked(1, ACK_S)
            await killed(bench, target, [upload])
        finally:
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)
        await survived(bench, upload)


async def _flood(upload: Request) -> None:
    """Send 4 MiB a second at most: it is to be received all the time, not to fill the disk."""
    clock = asyncio.get_running_loop().time
    start = clock()
    with contextlib.suppress(Gone):
        while (now := clock() - start) < FLOOD_S:
            if upload.body.size < now * (4 << 20):
                await upload.send(_LINE * 64)
            else:
                await asyncio.sleep(0.005)


@plays("restarts/again")
async def again(bench: Bench) -> None:
    """Kill, start and kill at once, then start and look."""
    target, _ = await own(bench)
    uploads = []
    for number in range(8):
        upload = await begin(bench, target, f"upload {number}")
        uploads.append(upload)
        if upload.opened:
            await upload.send(upload.header + _LINE * 20)
    await asyncio.gather(*(u.until_acked(u.body.size, ACK_S) for u in uploads if u.opened))
    await killed(bench, target, uploads)
    await killed(bench, target, ())
    for upload in uploads:
        await survived(bench, upload)


@plays("restarts/earlier")
async def earlier(bench: Bench) -> None:
    """Store some, then others of the same node and second; kill; store more; look again."""
    target, _ = await own(bench)
    node = f"n{secrets.token_hex(8)}"

    async def store(name: str) -> Request:
        upload = await bench.begin(name=name, to=target)
        if upload.opened:
            header = bench.header(upload.marker, srcNodeID=node)
            await upload.send(header + _LINE * 20)
            await upload.finish()
        return upload

    first = [await store("earlier") for _ in range(3)]
    for upload in first:
        await bench.look(upload, after=FIRST)
    for _ in range(12):
        await store("later")
    await killed(bench, target, ())
    for _ in range(3):
        await store("later")
    for upload in first:
        await bench.look(upload, after="the restart")
