"""Plays about events: see `conformance.recorder_cases.events`."""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import msgspec

from conformance.recorder_cases.events import CONTROLS, ENDS_WITH, TAKEN
from conformance.wire import V2_EVENT
from fixtures import disks
from fixtures.bench import STORED_S, Bench
from fixtures.peers.http1 import Http1, Http1Request
from fixtures.peers.wire import ANSWER_S, Gone
from fixtures.store import new_marker
from fixtures.target import Folder, Target
from scenarios.recorder import plays

PROBE_S = 10.0
"""Seconds that a client gives the HEAD (event-14)."""
CLOSED_S = 5.0
"""Seconds that a recorder has to say something to a client that said FIN."""
FINAL_S = 30.0
SIZES = (256 << 10, 2 << 20, 6 << 20, 20 << 20)
"""Sizes of bodies in bytes: Kubernetes' own limit is between the second and the third."""
PIECE = 256 << 10


def _kubernetes(parts: list[str] | None) -> dict[str, Any]:
    """Return what Kubernetes' own structure becomes in Go's encoder."""
    return {
        "IsResourceRequest": True,
        "Path": "/api/v1/namespaces/default/pods/web-1",
        "Verb": "delete",
        "APIPrefix": "api",
        "APIGroup": "",
        "APIVersion": "v1",
        "Namespace": "default",
        "Resource": "pods",
        "Subresource": "",
        "Name": "web-1",
        "Parts": parts,
        "FieldSelector": "",
        "LabelSelector": "app=web",
    }


PARTS = ["pods", "web-1"]
NOBODY = {"node": "", "nodeID": ""}


def _event(bench: Bench, marker: str, end: str, like: str, body: bytes = b"{}") -> dict[str, Any]:
    """Return an event as upstream makes it, but like its variant.

    `marker` stands near its beginning, `end` near its end.
    """
    node = {"node": f"{end}.recspec.ts.net", "nodeID": f"n{marker[3:]}"}
    user = {"nodeUserID": 1, "nodeUser": "probe@example.com"}
    tags = {"nodeTags": ["tag:k8s"]}
    there = {"node": "cluster.recspec.ts.net", "nodeID": "ncluster"}
    kubernetes = _kubernetes(None if like == "no-parts" else PARTS)
    return {
        "type": "Kubernetes API Request",
        "id": f"sent-{marker}" if like == "with-id" else "",
        "timestamp": bench.began,
        "userAgent": "kubectl/v1.33.0",
        "request": {
            "method": "DELETE",
            "path": f"/api/v1/namespaces/default/pods/{marker}?dryRun=All&dryRun=None",
            "body": b64encode(body).decode(),
            "queryParameters": {"dryRun": ["All", "None"]},
        },
        "kubernetes": {} if like == "without-kubernetes" else kubernetes,
        "source": node | (tags if like == "tagged" else user),
        "destination": there if like == "with-destination" else NOBODY,
    }


def _fields(size: int | None) -> list[tuple[str, str]]:
    """Return the fields that upstream's client sends; no size: chunked."""
    length = [("Content-Length", str(size))] if size is not None else []
    return [
        ("User-Agent", "Go-http-client/1.1"),
        *length,
        ("Content-Type", "application/json"),
        ("Accept-Encoding", "gzip"),
    ]


async def _ask(
    bench: Bench, on: Http1, name: str, size: int | None, marker: str, to: Target | None = None
) -> Http1Request:
    request = await on.ask(
        "POST", V2_EVENT, _fields(size), name=name, marker=marker, chunked=size is None
    )
    bench.adopt(request, to=to)
    return request


async def _post(
    bench: Bench,
    name: str,
    *,
    like: str = "upstream",
    on: Http1 | None = None,
    to: Target | None = None,
) -> Http1Request:
    """Post an event and wait for the answer."""
    marker, end = new_marker(), new_marker()
    bench.remark(f"{ENDS_WITH} {marker}", end)
    body = msgspec.json.encode(_event(bench, marker, end, like)) + b"\n"
    connection = on or await bench.http1(to=to)
    size = None if like == "chunked" else len(body)
    request = await _ask(bench, connection, name, size, marker, to)
    with contextlib.suppress(Gone):  # that is an answer
        await request.send(body)
        await request.end()
        await request.until_over(ANSWER_S)
    if on is not None and request.status is None and connection.wire.over:
        return await _post(bench, name, like=like, to=to)  # as clients do, see RFC 9112, 9.3.1
    return request


async def _next(connection: Http1, request: Http1Request, bench: Bench) -> Http1:
    """Return the connection for a further request: the same one, unless it is at its end."""
    closing = dict(request.fields).get("connection", "").lower() == "close"
    if request.answer_over and not closing and not connection.wire.over:
        return connection
    return await bench.http1()


async def _looked(bench: Bench, requests: Iterable[Http1Request]) -> None:
    """Look for events: those that were answered 200 have some time to show up."""
    await asyncio.gather(
        *(
            bench.look(request, within=STORED_S if request.status == 200 else 0.0, anywhere=True)
            for request in requests
        )
    )


async def _head(connection: Http1) -> Http1Request:
    request = await connection.ask("HEAD", V2_EVENT, _fields(None)[:1], name="head")
    await request.until_over(PROBE_S)
    return request


# --- support --------------------------------------------------------------------------------------


@plays("events/head")
async def head(bench: Bench) -> None:
    """Ask twice over one connection, and once over another."""
    connection = await bench.http1()
    first = await _head(connection)
    with contextlib.suppress(Gone):  # it may end a connection after an answer
        await _head(await _next(connection, first, bench))
    await _head(await bench.http1())


@plays("events/none")
async def none(bench: Bench) -> None:
    """Ask a recorder that takes no events."""
    await _head(await bench.http1())


# --- events ---------------------------------------------------------------------------------------


@plays("events/taken")
async def taken(bench: Bench) -> None:
    """Post upstream's event behind its HEAD, once more, and one of each other kind."""
    connection = await bench.http1()
    connection = await _next(connection, await _head(connection), bench)
    first = await _post(bench, "upstream", on=connection)
    connection = await _next(connection, first, bench)
    posted = [first, await _post(bench, "second", on=connection)]
    others = [like for like in (*TAKEN, *CONTROLS) if like not in ("upstream", "second")]
    posted += [await _post(bench, like, like=like) for like in others]
    await _looked(bench, posted)


def _no_objects(marker: str) -> dict[str, bytes]:
    """Return bodies that are no JSON object, by what they are."""
    word = marker.encode()
    return {
        "text": b"event " + word + b"\n",
        "an array": b'[{"path":"' + word + b'"}]',
        "a string": b'"' + word + b'"',
        "a number": b"12",
        "null": b"null",
        "half an object": b'{"type":"Kubernetes API Request","id":"' + word + b'","request":{',
        "two objects": b'{"id":"' + word + b'"}{"id":""}',
        "an object with NaN": b'{"id":"' + word + b'","timestamp":NaN}',
        "nothing": b"",
    }


async def _post_bad(bench: Bench, what: str) -> Http1Request:
    marker = new_marker()
    body = _no_objects(marker)[what]
    request = await _ask(bench, await bench.http1(), f"bad: {what}", len(body), marker)
    with contextlib.suppress(Gone):
        if body:
            await request.send(body)
        await request.end()
        await request.until_over(ANSWER_S)
    return request


@plays("events/no-object")
async def no_object(bench: Bench) -> None:
    """Post what is no JSON object, each over its own connection."""
    before = await _post(bench, "before")
    posted = [await _post_bad(bench, what) for what in _no_objects("")]
    after = await _post(bench, "after")
    await _looked(bench, [before, after])
    await _looked(bench, posted)


async def _post_cut(bench: Bench, name: str, *, chunked: bool) -> None:
    """Post an event, and say FIN before its end: of its length, or of its chunks."""
    marker, end = new_marker(), new_marker()
    body = msgspec.json.encode(_event(bench, marker, end, "upstream"))
    size = None if chunked else len(body)
    request = await _ask(bench, await bench.http1(), name, size, marker)
    with contextlib.suppress(Gone):
        await request.send(body if chunked else body[:-20])
        await request.cut("half")
        await request.wire.until_over(CLOSED_S)


@plays("events/cut")
async def cut(bench: Bench) -> None:
    """Break events off, and post one that is whole."""
    before = await _post(bench, "before")
    await _post_cut(bench, "with a length", chunked=False)
    await _post_cut(bench, "in chunks", chunked=True)
    await _looked(bench, [before, await _post(bench, "after")])


async def _post_large(bench: Bench, size: int) -> Http1Request:
    """Post a large event, as far as it is wanted."""
    marker, end = new_marker(), new_marker()
    bench.remark(f"{ENDS_WITH} {marker}", end)
    event = _event(bench, marker, end, "upstream", b"x" * (size // 4 * 3))
    body = msgspec.json.encode(event)
    request = await _ask(bench, await bench.http1(), f"large: {size} bytes", len(body), marker)
    with contextlib.suppress(Gone):
        for start in range(0, len(body), PIECE):
            if request.status is not None:
                break
            await request.send(body[start : start + PIECE])
        else:
            await request.end()
        await request.until_over(FINAL_S)
    return request


@plays("events/large")
async def large(bench: Bench) -> None:
    """Post larger and larger events, and a small one."""
    before = await _post(bench, "before")
    posted = [await _post_large(bench, size) for size in SIZES]
    await _looked(bench, [before, *posted, await _post(bench, "after")])


@plays("events/storage-gone")
async def storage_gone(bench: Bench) -> None:
    """Put something else where a recorder's folder was, post an event, and mend it again."""
    folder = bench.folder()
    target = await bench.fresh(Folder(folder))
    await _looked(bench, [await _post(bench, "before", to=target)])
    disks.occupy(folder)
    try:
        lost = await _post(bench, "unstorable", to=target)
    finally:
        disks.remove(folder)
        folder.mkdir(exist_ok=True)
    await _looked(bench, [lost])
