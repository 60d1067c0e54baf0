"""Plays about storage that fails: see `conformance.recorder_cases.disks`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
from collections.abc import Awaitable, Callable
from pathlib import Path

from conformance.cases import Need
from conformance.recorder_cases.disks import CANNOT, FAULT, LEFT
from fixtures import disks
from fixtures.bench import STORED_S, Bench, event
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone
from fixtures.target import Folder, Target
from scenarios.recorder import plays
from scenarios.recorder.storing import own

REFUSAL_S = 2.0
"""Seconds in which a recorder that took an upload may still refuse it by itself."""
SEND_S = 15.0
"""Seconds for sending what cannot be stored: a recorder may stop reading."""
TOLD_S = 10.0
"""Seconds in which it must be told that an upload failed."""
KEEP_S = 2.0
"""Seconds in which a failed upload's beginning shows up, if it does."""
FULL_AT = 256 << 10
SMALL = 1 << 20
"""Bytes of the small disk."""
_LINE = event("x" * 1000)
Fault = Callable[[Path], None]


def version(bench: Bench) -> list[Need]:
    """Return the versions that the target speaks."""
    return [need for need in (Need.V1, Need.V2) if bench.has(need)]


async def begin(bench: Bench, need: str, to: Target, name: str = "main") -> Request:
    """Begin an upload of which the case alone knows what should become."""
    start = bench.v2 if need == Need.V2 else bench.v1
    return await start(name=name, intent="free", to=to)


async def sound(bench: Bench, target: Target, name: str = "before") -> None:
    """Make an upload that nothing disturbs, and look for it while it is there."""
    await bench.look(await bench.whole(name=name, to=target))


async def through(upload: Request, data: bytes) -> None:
    """Send what cannot be stored, to the end of the body or till the recorder says no."""
    with contextlib.suppress(Gone):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SEND_S):
                for start in range(0, len(data), 64 << 10):
                    await upload.send(data[start : start + (64 << 10)])
                await upload.end()
        await upload.until_over(TOLD_S)


async def offered(bench: Bench, upload: Request, size: int = 0) -> None:
    """Leave time for a refusal; send the body only if none comes. Look for it in the end."""
    if upload.opened and not upload.over:
        await upload.until_over(REFUSAL_S)
    if upload.opened and not upload.over:
        await through(upload, upload.header + _LINE * (size // len(_LINE) + 1))
    await bench.look(upload, within=KEEP_S if upload.opened else 0.0)


# --- refusing -------------------------------------------------------------------------------------


def _refusal(name: str, need: Need, fault: Fault) -> None:
    @plays(name)
    async def _(bench: Bench) -> None:
        """Spoil the folder of a recorder that runs, and come with an upload."""
        target, base = await own(bench)
        await sound(bench, target)
        try:
            await asyncio.to_thread(fault, base)
        except disks.CannotBe as error:
            bench.remark(CANNOT, error)
            return
        bench.remark(FAULT)
        await offered(bench, await begin(bench, need, target))


for _need in (Need.V1, Need.V2):
    _refusal(f"disks/no-folder-{_need}", _need, disks.occupy)
    _refusal(f"disks/read-only-{_need}", _need, disks.make_read_only)


@plays("disks/folder-removed")
async def folder_removed(bench: Bench) -> None:
    """Remove the folder, and come with an upload in each version."""
    target, base = await own(bench)
    await sound(bench, target)
    await asyncio.to_thread(disks.remove, base)
    bench.remark(FAULT)
    for need in version(bench):
        with contextlib.suppress(Gone):
            await offered(bench, await begin(bench, need, target, f"{need} upload"))


@plays("disks/node-taken")
async def node_taken(bench: Bench) -> None:
    """Put a file where the folder of the upload's node would be."""
    target, base = await own(bench)
    upload = await begin(bench, version(bench)[-1], target)
    if upload.opened:
        node = json.loads(upload.header)["srcNodeID"]
        (base / node).write_bytes(b"recspec put this file here\n")
        bench.remark(FAULT)
        await through(upload, upload.header + _LINE)
    await bench.look(upload, within=KEEP_S)


# --- in the middle --------------------------------------------------------------------------------


async def _limited(bench: Bench, target: Target, size: int) -> bool:
    """Let no file grow beyond `size` bytes; tell whether that can be."""
    if target.no_limits:
        bench.remark(CANNOT, target.no_limits)
        return False
    target.limit_files(size)
    bench.remark(FAULT)
    return True


async def _started(bench: Bench, need: Need, target: Target) -> Request:
    """Begin an upload and send its first lines; wait until they are acked, and stored if ever.

    What a recorder had received and not yet looked at would make the outcome a matter of luck.
    """
    upload = await begin(bench, need, target)
    if upload.opened:
        await upload.send(upload.header + _LINE * 10)
        if upload.v2:
            await upload.until_acked(upload.body.size, 10.0)
        await bench.look(upload, within=STORED_S, least=upload.body.size, after="the first lines")
    return upload


def _loss(name: str, need: Need, fault: Callable[[Bench, Target, Path], Awaitable[bool]]) -> None:
    @plays(name)
    async def _(bench: Bench) -> None:
        """Begin, spoil storage, send more."""
        target, base = await own(bench)
        if target.no_limits and fault is _full:
            bench.remark(CANNOT, target.no_limits)
            return
        upload = await _started(bench, need, target)
        if upload.opened and await fault(bench, target, base):
            await through(upload, _LINE * (2 * FULL_AT // len(_LINE)))
        await bench.look(upload, within=KEEP_S)
        if fault is _full:
            target.limit_files(resource.RLIM_INFINITY)
            await bench.whole(name="after", to=target)


async def _full(bench: Bench, target: Target, _: Path) -> bool:
    return await _limited(bench, target, FULL_AT + target.longest_log)


async def _lost(bench: Bench, _: Target, base: Path) -> bool:
    await asyncio.to_thread(disks.occupy, base)
    bench.remark(FAULT)
    return True


for _need in (Need.V1, Need.V2):
    _loss(f"disks/full-{_need}", _need, _full)
    _loss(f"disks/folder-lost-{_need}", _need, _lost)


# --- full -----------------------------------------------------------------------------------------


async def _left(bench: Bench, target: Target, before: set[str]) -> None:
    """Note what storage shows that it did not show before."""
    assert target.store is not None
    now = set(await target.store.paths()) - before
    bench.remark(LEFT, "\n".join(path for path in sorted(now) if bench.shown(target, path)))


@plays("disks/refused")
async def refused(bench: Bench) -> None:
    """Let no file have more than a few bytes, and come with an upload in each version."""
    target, _ = await own(bench)
    await sound(bench, target)
    assert target.store is not None
    before = set(await target.store.paths())
    if not await _limited(bench, target, target.longest_log + 1024):
        return
    for need in version(bench):
        with contextlib.suppress(Gone):
            upload = await begin(bench, need, target, f"{need} upload")
            await offered(bench, upload, target.longest_log + 16_384)
    await _left(bench, target, before)


@plays("disks/small")
async def small(bench: Bench) -> None:
    """Fill a disk of 1 MiB with one upload, try another, and make room again."""
    base = bench.folder()
    try:
        async with disks.small(base, SMALL):
            bench.remark(FAULT)
            await _fill(bench, await bench.fresh(Folder(base)), base)
    except disks.CannotBe as error:
        bench.remark(CANNOT, error)


def _make_room(base: Path) -> None:
    for path in base.rglob("*"):
        if path.is_file():
            path.unlink(missing_ok=True)


async def _fill(bench: Bench, target: Target, base: Path) -> None:
    need = version(bench)[-1]
    filling = await begin(bench, need, target)
    if filling.opened:
        await through(filling, filling.header + _LINE * (2 * SMALL // len(_LINE)))
    await bench.look(filling, within=KEEP_S)
    with contextlib.suppress(Gone):
        await offered(bench, await begin(bench, need, target, "while it is full"), 64 << 10)
    await asyncio.to_thread(_make_room, base)
    upload = await bench.whole(name="after", to=target)
    await bench.look(upload)
    await target.close()
