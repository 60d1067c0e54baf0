"""Plays about S3: see `conformance.recorder_cases.objects`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from conformance.cases import STORE_LATE, Need
from conformance.history import Late
from conformance.recorder_cases.objects import (
    ANSWER_S,
    BREAKS,
    FAILS,
    FAULT,
    HEALED_S,
    LARGE,
    LEFT,
    LONG,
    ONCE,
    PROVIDERS,
    REFUSED,
    S3_LOG,
    SHUT,
    STARTED,
)
from conformance.wire import SECOND
from fixtures.bench import Bench, event
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone
from fixtures.providers.faults import StorageFault
from fixtures.providers.layer import S3Layer, When
from fixtures.providers.profiles import PROVIDERS as PROFILES
from fixtures.providers.profiles import Provider
from fixtures.providers.s3_request import COMPLETE, PART, PUT, S3Request
from fixtures.target import Bucket, Target
from scenarios.recorder import plays

_LINES_AT_ONCE = 256
_LINE = 1000
"""Characters of a line of output."""
_LOGGED = 12
"""Requests of the layer's log that are kept as evidence."""
_EARLY_S = 0.5
"""Seconds in which an upload that was taken may fail before we send anything."""
_TRY_AGAIN_S = 0.5
_ACKED_S = 12.0
"""Seconds for an ack: two turns of the cadence."""
_BACK_S = 15.0
"""Seconds for a recorder to bring into the bucket what its predecessor had acked."""
_SAME_SECOND = 6
"""Uploads of one node in one second."""


Fails = When | Callable[[S3Request], bool]
"""On which requests a fault is played."""


class Stage(NamedTuple):
    """A recorder of its own, and the layer between it and S3."""

    target: Target
    layer: S3Layer


@contextlib.asynccontextmanager
async def _stage(bench: Bench, provider: Provider | None = None) -> AsyncIterator[Stage]:
    """Start a recorder on an empty bucket behind a layer; remark at the end what that saw."""
    s3 = await bench.rig.s3()
    bucket = await bench.rig.make_bucket()
    region = provider.region if provider else ""
    async with S3Layer(partial(_late, bench)) as layer:
        await layer.start(bench.rig.loopback.address(), s3.endpoint, provider)
        try:
            yield Stage(await bench.fresh(Bucket(layer.endpoint, bucket, region=region)), layer)
        finally:
            _remark(bench, layer)


def _late(bench: Bench, seconds: float) -> None:
    """Note that the service itself kept a request for long."""
    if seconds * SECOND >= STORE_LATE:
        bench.log.note(Late(by=int(seconds * SECOND), loop="s3"))


def _remark(bench: Bench, layer: S3Layer) -> None:
    played = Counter((r.fault, r.operation) for r in layer.requests if r.fault)
    for (fault, operation), count in played.items():
        bench.remark(FAULT, f"{fault}, on {operation}, {count} times")
    for request in layer.requests:
        if request.rule:
            what = f"{request.operation} {request.status} {request.code}"
            bench.remark(REFUSED, f"{request.rule}: {what}")
    last = layer.requests[-_LOGGED:]
    bench.remark(S3_LOG, ", ".join(f"{r.operation} {r.fault or r.status or '…'}" for r in last))


def _fail(
    bench: Bench,
    layer: S3Layer,
    fault: StorageFault,
    when: Fails = When.EVERY,
    *,
    after_parts: int = 0,
    times: int | None = None,
) -> None:
    """Order a fault, and remark that it is there from now on."""
    bench.remark(FAULT, f"{fault} from here on" + (", after a part" if after_parts else ""))
    layer.fail(fault, when=when, after_parts=after_parts, times=times)


def _lines(size: int) -> Iterator[bytes]:
    """Yield at least so many bytes of events, each unlike all others, some lines at a time."""
    count = size // _LINE + 1
    for first in range(0, count, _LINES_AT_ONCE):
        numbers = range(first, min(first + _LINES_AT_ONCE, count))
        yield b"".join(event(f"{n:09d}".ljust(_LINE, "."), n / 1000) for n in numbers)


async def _send(request: Request, *pieces: bytes | Iterable[bytes]) -> None:
    """Send as a session does, piece by piece; ends early when the recorder ends the upload."""
    with contextlib.suppress(Gone):
        for piece in pieces:
            for data in (piece,) if isinstance(piece, bytes) else piece:
                await request.send(data)


async def _end(bench: Bench, request: Request) -> None:
    """End an upload and look for it: for a while only if all should be there."""
    if not request.opened:
        return
    with contextlib.suppress(Gone):
        await request.finish()
    well = request.status == 200 and b'"error"' not in request.answer
    await bench.look(request, within=None if well and request.answer_over else 0.0)


async def _both(bench: Bench, target: Target, within: float = 5.0) -> list[Request]:
    """Begin an upload in each version that the target speaks."""
    begun = []
    if Need.V1 in target.has:
        begun.append(bench.v1(name="v1", intent="free", to=target, within=within))
    if Need.V2 in target.has:
        begun.append(bench.v2(name="v2", intent="free", to=target, within=within))  # type: ignore[arg-type]
    found = await asyncio.gather(*begun, return_exceptions=True)
    return [_request(one) for one in found if not isinstance(one, Gone)]


def _request(one: Request | BaseException) -> Request:
    if isinstance(one, BaseException):
        raise one
    return one


# --- a bucket, and whose it may be ----------------------------------------------------------------


@plays("objects/stored")
async def stored(bench: Bench) -> None:
    """Make a small upload and a large one."""
    async with _stage(bench) as (target, _):
        await bench.whole(to=target)
        await bench.whole(b"".join(_lines(LARGE)), to=target)


async def _one(
    bench: Bench, target: Target, name: str, lines: bytes | Iterable[bytes], node: str = ""
) -> None:
    """Make one upload, of a node of that name if one is given."""
    with contextlib.suppress(Gone):
        request = await bench.begin(name=name, intent="free", to=target)
        if node:
            request.header = bench.header(request.marker, srcNodeID=node)
        if request.opened:
            await _send(request, request.header, lines)
        await _end(bench, request)


async def _provided(bench: Bench, name: str) -> None:
    async with _stage(bench, PROFILES[name]) as (target, _):
        node = f"n{bench.began}same"
        await _one(bench, target, "small", event("hello"))
        await asyncio.gather(
            _one(bench, target, "large", _lines(LARGE)),
            *(
                _one(bench, target, f"same second {n}", event("hello"), node)
                for n in range(_SAME_SECOND)
            ),
        )


for _name in PROVIDERS:
    plays(f"objects/{_name}")(partial(_provided, name=_name))


@plays("objects/parts-leave")
async def parts_leave(bench: Bench) -> None:
    """Send much, and wait until some of it is on its way before going on."""

    def left(layer: S3Layer) -> int:
        return sum(r.size for r in layer.requests if r.operation in (PUT, PART))

    async with _stage(bench) as (target, layer):
        request = await bench.begin(to=target)
        if not request.opened:
            return
        await _send(request, request.header, _lines(LONG))
        with contextlib.suppress(TimeoutError):
            await layer.until(lambda: left(layer) >= STARTED)
        if request.body.size >= LONG and not request.over:
            bench.remark(LEFT, left(layer))
        await _send(request, event("the last line", LONG / _LINE))
        await _end(bench, request)


# --- what S3 does ---------------------------------------------------------------------------------

_ALWAYS = {
    "slow-down": StorageFault.SLOW_DOWN,
    "internal-error": StorageFault.INTERNAL_ERROR,
    "access-denied": StorageFault.ACCESS_DENIED,
    "no-such-bucket": StorageFault.NO_SUCH_BUCKET,
    "time-skewed": StorageFault.TIME_TOO_SKEWED,
    "dead": StorageFault.DIES,
    "silent": StorageFault.SILENT,
    "reset": StorageFault.RESET_IN_REQUEST,
}


async def _shut(bench: Bench, name: str) -> None:
    async with _stage(bench) as (target, layer):
        _fail(bench, layer, _ALWAYS[name])
        requests = await _both(bench, target, within=ANSWER_S)
        await asyncio.gather(*(_taken_all_the_same(bench, request) for request in requests))


async def _taken_all_the_same(bench: Bench, request: Request) -> None:
    """Go on with an upload that should have been refused; it may fail before anything is sent."""
    if not request.opened:
        return
    await request.idle(_EARLY_S)
    if not request.over:
        await _send(request, request.header + event("hello"))
    await _end(bench, request)


@plays("objects/heals")
async def heals(bench: Bench) -> None:
    """Let S3 be away for two uploads, and try again until one goes well."""
    async with _stage(bench) as (target, layer):
        _fail(bench, layer, StorageFault.DIES)
        await _both(bench, target, within=ANSWER_S)
        layer.heal()
        deadline = time.monotonic() + HEALED_S
        while True:
            request = await bench.begin(name="again", intent="free", to=target)
            if request.opened:
                await _send(request, request.header + event("hello"))
            await _end(bench, request)
            well = (
                request.answer_over and request.status == 200 and b'"error"' not in request.answer
            )
            if well or time.monotonic() >= deadline:
                return
            await asyncio.sleep(_TRY_AGAIN_S)


async def _fails(bench: Bench, name: str) -> None:
    async with _stage(bench) as (target, layer):
        requests = await _both(bench, target)
        taken = [request for request in requests if request.opened]
        for request in taken:
            await _send(request, request.header + event("before"))
        _fail(bench, layer, _ALWAYS[name])
        for request in taken:
            await _send(request, event("after", 1.0))
        await asyncio.gather(*(_end(bench, request) for request in taken))


for _name in SHUT:
    plays(f"objects/shut-{_name}")(partial(_shut, name=_name))
for _name in FAILS:
    plays(f"objects/fails-{_name}")(partial(_fails, name=_name))


# --- what happens to single requests --------------------------------------------------------------


def _making(request: S3Request) -> bool:
    """Tell whether a request makes an object."""
    return request.operation in (PUT, COMPLETE)


class _Plan(NamedTuple):
    """What is played on an upload of so many bytes, once it was taken."""

    size: int
    fault: StorageFault
    when: Fails = When.EVERY
    after_parts: int = 0
    times: int | None = 1


_SMALL = 2000
_PLANS = {
    "dies-between-parts": _Plan(LARGE, StorageFault.DIES, after_parts=1, times=None),
    "part-denied": _Plan(LARGE, StorageFault.ACCESS_DENIED, When.PARTS, 1, None),
    "complete-error": _Plan(LARGE, StorageFault.ERROR_IN_SUCCESS, When.COMPLETES, times=None),
    "part-slow-down": _Plan(LARGE, StorageFault.SLOW_DOWN, When.PARTS, 1),
    "part-reset": _Plan(LARGE, StorageFault.RESET_IN_REQUEST, When.PARTS, 1),
    "complete-error-once": _Plan(LARGE, StorageFault.ERROR_IN_SUCCESS, When.COMPLETES),
    "complete-answer-lost": _Plan(LARGE, StorageFault.ANSWER_LOST, _making),
    "put-answer-lost": _Plan(_SMALL, StorageFault.ANSWER_LOST, _making),
    "put-answer-reset": _Plan(_SMALL, StorageFault.RESET_IN_ANSWER, _making),
    "put-conflict": _Plan(_SMALL, StorageFault.CONFLICT, When.PUTS),
    "complete-conflict": _Plan(LARGE, StorageFault.CONFLICT, When.COMPLETES),
    "slow": _Plan(LARGE, StorageFault.SLOW, times=None),
    "trickle": _Plan(_SMALL, StorageFault.TRICKLE, times=None),
}


async def _planned(bench: Bench, name: str) -> None:
    plan = _PLANS[name]
    async with _stage(bench) as (target, layer):
        request = await bench.begin(intent="free", to=target)
        _fail(bench, layer, plan.fault, plan.when, after_parts=plan.after_parts, times=plan.times)
        if request.opened:
            await _send(request, request.header, _lines(plan.size))
        await _end(bench, request)


for _name in (*BREAKS, *ONCE):
    plays(f"objects/{_name}")(partial(_planned, name=_name))


@plays("objects/killed-while-away")
async def killed_while_away(bench: Bench) -> None:
    """Have bytes acked, take S3 away, kill the recorder, and bring both back."""
    async with _stage(bench) as (target, layer):
        request = await bench.v2(intent="free", to=target)
        if not request.opened:
            return
        _fail(bench, layer, StorageFault.DIES)
        await _send(request, request.header, _lines(_SMALL))
        await request.until_acked(request.body.size, _ACKED_S)
        await bench.kill(target)
        layer.heal()
        await bench.restart(target)
        await bench.look(request, within=_BACK_S, least=max(request.acks, default=0))
