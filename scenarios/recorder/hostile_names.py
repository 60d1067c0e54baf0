"""Plays about what a client claims of itself: see `conformance.recorder_cases.hostile_names`."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from conformance import hostile_names as bad
from conformance.probed import Strayed
from conformance.recorder_cases import hostile_names as case
from conformance.wire import V2_EVENT
from fixtures.bench import Bench, event
from fixtures.peers.http1 import Http1
from fixtures.peers.upload import Request
from fixtures.peers.wire import Gone
from fixtures.store import new_marker
from scenarios.recorder import plays
from scenarios.recorder.hostile_http1 import at_once

AT_ONCE = 16
END_S = 10.0
STORED_S = 2.0
"""Seconds that a store may need to show one of many recordings."""


class _Uploads:
    """Uploads of one case, and the folder outside to which absolute paths lead."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._folder = bench.folder()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._made: list[Request] = []

    def filled(self, template: str, marker: str) -> str:
        """Put marker and folder where a template has them."""
        return template.replace(bad.OUTSIDE, str(self._folder)).replace(bad.MARKER, marker)

    async def make(self, name: str, recording: Callable[[str], bytes]) -> None:
        """Make one upload; `recording` returns it, given the marker that it has to hold."""
        async with self._gate:
            request = await self._bench.begin(name=name, intent="free")
            self._made.append(request)
            if request.opened:
                await request.send(recording(request.marker))
                await request.end()
                await request.until_over(END_S)

    async def with_fields(self, name: str, **fields: Any) -> None:
        """Make one upload with hostile fields; texts are templates."""

        def recording(marker: str) -> bytes:
            filled = {key: self._deep(value, marker) for key, value in fields.items()}
            return first(self._bench.header(marker, **filled), marker) + event(name)

        await self.make(name, recording)

    def _deep(self, value: Any, marker: str) -> Any:
        if isinstance(value, str):
            return self.filled(value, marker)
        if isinstance(value, dict):
            return {key: self._deep(one, marker) for key, one in value.items()}
        if isinstance(value, list):
            return [self._deep(one, marker) for one in value]
        return value

    async def look(self, more: Iterable[str] = ()) -> None:
        """Look for all of them below the base path, and for what lies outside of it."""
        bench = self._bench
        await asyncio.gather(
            *(
                bench.look(one, within=STORED_S if one.answer_over and one.body.size else 0.0)
                for one in self._made
            )
        )
        store = bench.target.store
        if store is None:
            return
        markers = [one.marker for one in self._made] + list(more)
        try:
            strays = await store.outside(markers)
        except OSError as error:
            bench.remark(case.BLIND, error.strerror)
        else:
            bench.remark(case.LOOKED)
            for marker, path in strays:
                bench.log.note(Strayed(path=path, marker=marker))
        for found in sorted(self._folder.iterdir()):
            bench.log.note(Strayed(path=str(found), marker=_marker_of(found, markers)))


def _marker_of(path: Path, markers: list[str]) -> str:
    return next((marker for marker in markers if marker in path.name), "")


def first(header: bytes, marker: str) -> bytes:
    """Put the marker at the beginning of a header, where it is found however long the rest is."""
    return b'{"recspec":"%b",' % marker.encode() + header[1:]


@plays("hostile/names-traversal")
async def traversal(bench: Bench) -> None:
    """Claim to be nodes that lead elsewhere."""
    uploads = _Uploads(bench)
    async with bench.undisturbed():
        await at_once(uploads.with_fields(what, srcNodeID=node) for what, node in bad.TRAVERSALS)
        await uploads.look()


@plays("hostile/names-fields")
async def fields(bench: Bench) -> None:
    """Put paths into all other fields."""
    uploads = _Uploads(bench)
    kubernetes = {"PodName": "a", "Namespace": "b", "Container": "c", "SessionType": "exec"}
    outer = {"kubernetes": kubernetes, "env": {"TERM": "xterm"}}
    async with bench.undisturbed():
        await at_once(
            (
                *(
                    uploads.with_fields(f"{key} leads up", **{key: bad.TWICE_UP})
                    for key in bad.FIELDS
                ),
                *(
                    uploads.with_fields(f"{key} is an absolute path", **{key: bad.ABSOLUTE})
                    for key in bad.FIELDS
                ),
                *(
                    uploads.with_fields(
                        f"{key}.{inner} leads up", **{key: {**outer[key], inner: bad.TWICE_UP}}
                    )
                    for key, inner in bad.NESTED
                ),
                uploads.with_fields(
                    "a tag leads up",
                    srcNodeUserID=None,
                    srcNodeUser=None,
                    srcNodeTags=[f"tag:{bad.TWICE_UP}", bad.ABSOLUTE],
                ),
            )
        )
        await uploads.look()


@plays("hostile/names-times")
async def times(bench: Bench) -> None:
    """Claim to have begun when nothing can have."""
    uploads = _Uploads(bench)

    async def one(what: str, template: str) -> None:
        def recording(marker: str) -> bytes:
            header = bench.header(marker, timestamp=None)
            text = uploads.filled(template, marker).encode()
            return first(b'{"timestamp":%b,' % text + header[1:], marker) + event(what)

        await uploads.make(what, recording)

    async with bench.undisturbed():
        await at_once(one(what, text) for what, text in bad.TIMES)
        await uploads.look()


@plays("hostile/names-lines")
async def lines(bench: Bench) -> None:
    """Begin with lines that are no header, and go on with bytes that are no UTF-8."""
    uploads = _Uploads(bench)

    async def one(line: bad.Line) -> None:
        def recording(marker: str) -> bytes:
            rest = b"" if not line.line.endswith(b"\n") else event(marker) + b'[1,"o","\xff\xc0"]\n'
            return line.line.replace(b"%m", marker.encode()) + rest

        await uploads.make(line.what, recording)

    async with bench.undisturbed():
        await at_once(map(one, bad.LINES))
        await uploads.look()


@plays("hostile/names-nodes")
async def nodes(bench: Bench) -> None:
    """Claim to be many nodes whose names are easily taken for each other's."""
    uploads = _Uploads(bench)
    async with bench.undisturbed():
        await at_once(uploads.with_fields(what, srcNodeID=node) for what, node in bad.NODES)
        await uploads.look()


@plays("hostile/names-events")
async def events(bench: Bench) -> None:
    """Post events whose names lead elsewhere."""
    uploads = _Uploads(bench)
    markers: list[str] = []

    async def one(name: str, place: tuple[str, str]) -> None:
        marker = new_marker()
        markers.append(marker)
        body = _event(place, uploads.filled(bad.TWICE_UP, marker), bench.began)
        connection = await bench.http1()
        fields = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        request = await connection.ask("POST", V2_EVENT, fields, name=name)
        await request.send(body)
        await request.until_answered()

    async with bench.undisturbed():
        await at_once(
            one(name, place) for name, place in zip(case.EVENT_NAMES, bad.EVENTS, strict=True)
        )
        await uploads.look(markers)


def _event(place: tuple[str, str], value: str, at: int) -> bytes:
    """Return an event with a hostile value in one place."""
    node = {"node": "probe.recspec.ts.net", "nodeID": "nprobe12CNTRL"}
    whole: dict[str, Any] = {
        "type": "kubernetes-api-request",
        "id": "",
        "timestamp": at,
        "userAgent": "recspec",
        "request": {"method": "GET", "path": "/", "body": None, "queryParameters": {}},
        "kubernetes": {"Name": "a", "Namespace": "b", "Parts": None},
        "source": dict(node),
        "destination": dict(node),
    }
    outer, inner = place
    (whole[outer] if outer else whole)[inner] = value
    return msgspec.json.encode(whole)


# --- the web UI -----------------------------------------------------------------------------------

PAGES = 40
"""Pages of the UI that are looked at, at most."""
PAGE_SIZE = 4 << 20
_LINK = re.compile(rb"""(?:href|src|action)\s*=\s*["']([^"'#]+)""")


@plays("hostile/ui-script")
async def script(bench: Bench) -> None:
    """Make a recording that holds script, and read what the UI shows."""
    request = await bench.begin(name="script", intent="free")
    if not request.opened:
        return
    text = case.SCRIPT % request.marker
    header = bench.header(request.marker, title=text, command=text, sshUser=text)
    await request.send(header + event(text))
    await request.finish()
    seen, todo = set[str](), [bench.target.ui]
    while todo and len(seen) < PAGES:
        url = todo.pop(0)
        if url in seen:
            continue
        seen.add(url)
        with contextlib.suppress(Gone):
            page = await _page(bench, url)
            found = [urljoin(url, link.decode("latin-1")) for link in _LINK.findall(page)]
            # What shows the recording comes first: the others may be many.
            found.sort(key=lambda one: request.marker.replace("-", "") not in one)
            todo += [one for one in found if _origin(one) == _origin(bench.target.ui)]


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


async def _page(bench: Bench, url: str) -> bytes:
    """Ask for one page; raises Gone."""
    parts = urlsplit(url)
    tls = None
    if parts.scheme == "https":
        tls = ssl.create_default_context()
        # Whose certificate it is says nothing of how it shows recordings.
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    host, port = parts.hostname or "", parts.port or (443 if tls else 80)
    connection = Http1(await bench.dial_elsewhere(host, port, tls), parts.netloc)
    path = parts.path or "/"
    asked = await connection.ask(
        "GET",
        f"{path}?{parts.query}" if parts.query else path,
        [("Accept", "text/html"), ("Connection", "close")],
        name=case.PAGE,
    )
    await asked.until_over(END_S)
    await connection.close()
    return asked.answer[:PAGE_SIZE]
