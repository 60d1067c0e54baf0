"""Plays about recordings at rest: see `conformance.recorder_cases.storing`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from pathlib import Path

from conformance.cases import Need
from conformance.probed import Strayed
from conformance.recorder_cases.storing import AT_ONCE, RUNNING, SEARCHED
from fixtures import elsewhere
from fixtures.bench import STORED_S, Bench, event
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone
from fixtures.target import Folder, Target
from scenarios.recorder import plays

_LINES = (
    rb'[0.000001, "o", "\u003cb\u003e \u0026 \u2028\u2029 \u001b[0m"]',
    '[0.1,"o","ä € 😀"]'.encode(),
    rb'[ 2e-1 ,  "o"  , "\ud83d\ude00 \/ \b\f\n\r\t \" \\ \u0000"]',
    rb'[0.20,"o",""]',
    rb'[0.3,"r","100x30"]',
    rb'[0.30,"m",""]',
    rb'[0.4,"z","a code that nobody knows"]',
    rb'[1,"i","x"]',
    rb'[1.5E0,"o","the end"]',
)


def exact(request: Request, began: int) -> bytes:
    """Return a sound recording that would not survive being read and written again."""
    node = json.loads(request.header)["srcNodeID"]
    header = (
        '{ "timestamp":%d, "version" : 2, "width":80,"height":24,"x-exact":[1e2, 1E+2,'
        r' 12345678901234567890, -0, {"\u00e4":"\u003cä>"}, null],"srcNode":"a.ts.net",'
        '"srcNodeID":"%s" ,"env": null,"connectionID":"%s"}'
    )
    first = (header % (began, node, request.marker)).encode()
    return b"".join(line + b"\n" for line in (first, *_LINES))


@plays("storing/bytes-v1")
async def bytes_v1(bench: Bench) -> None:
    """Send it in one piece."""
    upload = await bench.v1()
    await upload.send(exact(upload, bench.began))
    await upload.finish()


@plays("storing/bytes-v2")
async def bytes_v2(bench: Bench) -> None:
    """Send it in pieces that end anywhere."""
    upload = await bench.v2()
    whole = exact(upload, bench.began)
    for start in range(0, len(whole), 97):
        await upload.send(whole[start : start + 97])
    await upload.finish()


@plays("storing/large")
async def large(bench: Bench) -> None:
    """Send lines of 16 KiB, a MiB at a time."""
    upload = await bench.begin()
    if not upload.opened:
        return
    await upload.send(upload.header)
    for number in range(8):
        line = event("x" * (16 << 10), float(number))
        await upload.send(line * 64)
    await upload.finish()


@plays("storing/layout")
async def layout(bench: Bench) -> None:
    """Send one that began an hour ago, and one that began in another century of the calendar."""
    for name, began in (("an hour ago", bench.began - 3600), ("in 1999", 915_148_800)):
        upload = await bench.begin(name=name)
        if upload.opened:
            await upload.send(bench.header(upload.marker, timestamp=began) + event("hello"))
            await upload.finish()


async def _settled(bench: Bench, upload: Request) -> None:
    """Look for what broke off once the recorder is through with it: it may yet take it away."""
    await bench.look(upload)
    await bench.whole(name="next")
    await bench.look(upload, after="the next upload")


@plays("storing/broke-off-v1")
async def broke_off_v1(bench: Bench) -> None:
    """End the connection in the middle of a line."""
    upload = await bench.v1(intent="cut")
    if upload.opened:
        await upload.send(upload.header + event("whole") + event("half")[:-4])
        await upload.cut("fin")
        await _settled(bench, upload)


@plays("storing/broke-off-v2")
async def broke_off_v2(bench: Bench) -> None:
    """Reset the stream in the middle of a line, once it was acked."""
    upload = await bench.v2(intent="cut")
    if upload.opened:
        await upload.send(upload.header + event("whole") + event("half")[:-4])
        await upload.until_acked(upload.body.size, 10.0)
        await upload.cut("stream")
        await _settled(bench, upload)


# --- rules broken ---------------------------------------------------------------------------------


def _odd(bench: Bench, marker: str) -> dict[str, bytes]:
    """Return recordings that break one rule each."""
    header, line = bench.header(marker), event("hello")
    mark = json.dumps({"connectionID": marker}).encode()
    return {
        "no newline at the end": header + line + line[:-1],
        "CRLF": (header + line).replace(b"\n", b"\r\n"),
        "empty lines": header + b"\n\n" + line + b"\n",
        "a byte order mark": b"\xef\xbb\xbf" + header + line,
        "bytes that are not UTF-8": header + b'[0.5,"o","\xff\xfe\xc3"]\n' + line,
        "control characters": header + b'[0.5,"o","\x1b[0m\x00\x07"]\n' + line,
        "lines that are not JSON": header + b"hello\n[0.5,\n" + line,
        "events that are no events": header + b'{}\n[]\n[0.5,"o"]\n["o",1,2,3]\nnull\n' + line,
        "times that go backwards": header + event("b", 9.0) + event("a", 1.0) + line,
        "a header that is a list": b"[" + mark + b"]\n" + line,
        "a header that is not JSON": marker.encode() + b"\n" + line,
        "a header without keys": mark + b"\n" + line,
        "a version of 3": bench.header(marker, version=3) + line,
        "a start before 1970": bench.header(marker, timestamp=-1) + line,
        "a start that is no number": bench.header(marker, timestamp="now") + line,
        "a key twice": header.replace(b"{", b'{"version":1,', 1) + line,
        "nothing but a header": header,
    }


@plays("storing/odd")
async def odd(bench: Bench) -> None:
    """Send all of them, a few at a time."""
    gate = asyncio.Semaphore(8)

    async def one(name: str) -> None:
        async with gate:
            with contextlib.suppress(Gone):
                upload = await bench.begin(name=name, intent="free")
                if upload.opened:
                    await upload.send(_odd(bench, upload.marker)[name])
                    await upload.finish()

    await asyncio.gather(*map(one, _odd(bench, "")))


# --- names ----------------------------------------------------------------------------------------


@plays("storing/same-second")
async def same_second(bench: Bench) -> None:
    """Open all, then send all, then end all; and send one more when they are stored."""
    node = f"n{secrets.token_hex(8)}"

    async def send(upload: Request) -> None:
        if upload.opened:
            with contextlib.suppress(Gone):
                header = bench.header(upload.marker, srcNodeID=node)
                await upload.send(header + event(f"of {upload.marker}"))
                await upload.finish()

    begun = await asyncio.gather(
        *(bench.begin(name=f"upload {number}") for number in range(AT_ONCE)),
        return_exceptions=True,
    )
    uploads = [upload for upload in begun if isinstance(upload, Request)]
    await asyncio.gather(*map(send, uploads))
    await send(await bench.begin(name="one more"))


@plays("storing/while-it-runs")
async def while_it_runs(bench: Bench) -> None:
    """Send a part, look for it, then send the rest."""
    upload = await bench.begin()
    if not upload.opened:
        return
    await upload.send(upload.header + event("x" * 1000) * 1000)
    await bench.look(upload, within=15.0, after=RUNNING, least=1)
    if not upload.over:
        bench.remark(f"{RUNNING} {upload.name}")
    await upload.send(event("the end", 1.0))
    await upload.finish()
    await bench.look(upload)


# --- recorders of our own -------------------------------------------------------------------------


async def own(bench: Bench) -> tuple[Target, Path]:
    """Start a recorder whose folder lies in another that is all its own."""
    base = bench.folder() / "recordings"
    base.mkdir()
    return await bench.fresh(Folder(base)), base


@plays("storing/failover")
async def failover(bench: Bench) -> None:
    """Send the same recording to each, but for the marker."""
    node = f"n{secrets.token_hex(8)}"

    async def one(name: str) -> None:
        target, _ = await own(bench)
        with contextlib.suppress(Gone):
            upload = await bench.begin(name=name, to=target)
            if upload.opened:
                header = bench.header(upload.marker, srcNodeID=node)
                await upload.send(header + event("hello"))
                await upload.finish()

    await asyncio.gather(*map(one, ("first", "second", "third")))


@plays("storing/nowhere-else")
async def nowhere_else(bench: Bench) -> None:
    """Look for what was shown until it is nowhere else, or for as long as storing may take."""
    target, base = await own(bench)
    secret, since = secrets.token_hex(16), time.time() - 2.0
    for version in (Need.V1, Need.V2):
        if not bench.has(version):
            continue
        upload = await (bench.v2 if version == Need.V2 else bench.v1)(name=version, to=target)
        if upload.opened:
            await upload.send(upload.header + event(f"the secret is {secret}") * 100)
            await upload.finish()
    if not base.is_dir():
        return
    run = bench.rig.nursery.folder
    deadline = time.monotonic() + STORED_S
    while True:
        found = await asyncio.to_thread(
            elsewhere.holding, secret.encode(), target, run, base, since
        )
        if not found or time.monotonic() >= deadline:
            break
        await asyncio.sleep(0.1)
    for path in elsewhere.names(found, run):
        bench.log.note(Strayed(path=path))
    bench.remark(SEARCHED)
