"""Plays about refusals: see `conformance.recorder_cases.refusals`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable

from conformance.wire import V1_RECORD, V2_RECORD
from fixtures.bench import Bench, event
from fixtures.peers.upload import Request
from fixtures.peers.wire import ANSWER_S, Gone
from fixtures.store import new_marker
from scenarios.recorder import plays

LINE = event("refused")


async def _send_anyway(bench: Bench, request: Request) -> None:
    """Send a whole recording to where it is not wanted, without a question."""
    bench.adopt(request)
    await request.send(bench.header(request.marker) + LINE)
    await request.end()
    await request.until_over(ANSWER_S)


async def _all(refusals: Iterable[Awaitable[None]]) -> None:
    """Play refusals side by side; to end the connection is one way to refuse."""

    async def one(refusal: Awaitable[None]) -> None:
        with contextlib.suppress(Gone):
            await refusal

    await asyncio.gather(*map(one, refusals))


async def _refused_v1(bench: Bench, name: str, method: str, path: str, head: str = "") -> None:
    connection = await bench.http1()
    request = await connection.ask(
        method,
        path,
        name=name,
        intent="refused",
        marker=new_marker(),
        chunked=True,
        head=head.encode() if head else None,
    )
    await _send_anyway(bench, request)


@plays("refusals/v1")
async def refused_v1(bench: Bench) -> None:
    """Upload where and how it cannot be, over HTTP/1.1, and send the body all the same."""
    nobody = f"POST {V1_RECORD} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    await _all(
        [
            _refused_v1(bench, "wrong-path", "POST", "/record-nowhere"),
            _refused_v1(bench, "wrong-method", "PUT", V1_RECORD),
            _refused_v1(bench, "wrong-version", "POST", V2_RECORD),
            _refused_v1(bench, "no-host", "POST", V1_RECORD, nobody),
        ]
    )
    await _through(bench, await bench.v1(name="after"))


async def _through(bench: Bench, upload: Request) -> None:
    """Make an upload to its end, and look for it: what was refused had as much time."""
    if upload.opened:
        await upload.send(upload.header + LINE)
        await upload.finish()
        await bench.look(upload)


async def _refused_v2(bench: Bench, name: str, method: str, path: str, without: str = "") -> None:
    connection = await bench.http2()
    head = [field for field in connection.head(method, path) if field[0] != without]
    request = await connection.ask(
        method, path, name=name, intent="refused", marker=new_marker(), head=head
    )
    await _send_anyway(bench, request)


@plays("refusals/v2")
async def refused_v2(bench: Bench) -> None:
    """Upload where and how it cannot be, over HTTP/2, and send the body all the same."""
    await _all(
        [
            _refused_v2(bench, "wrong-path", "POST", "/v2/record-nowhere"),
            _refused_v2(bench, "wrong-method", "PUT", V2_RECORD),
            _refused_v2(bench, "no-path", "POST", V2_RECORD, ":path"),
            _refused_v2(bench, "no-method", "POST", V2_RECORD, ":method"),
        ]
    )
    await _through(bench, await bench.v2(name="after"))
