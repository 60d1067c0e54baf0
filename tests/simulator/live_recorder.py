"""A live recorder for tests, and what its clients say."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from conformance.history import Event, Kind, Log
from conformance.wire import Timers
from simulator.overlay import Overlay
from simulator.recorder import RecorderConfig, serve_recorder
from tests.simulator.peer import DEADLINE, H2Peer, serving

K = TypeVar("K")

MILLISECOND = 1_000_000
QUICK = Timers(ack_cadence=50 * MILLISECOND)
HEADER = b'{"version":2,"width":80,"height":24,"timestamp":1600000000,"srcNodeID":"n1"}\n'


@dataclass
class Live:
    address: str
    kinds: list[Kind] = field(default_factory=list)
    noted: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, kind: type[K]) -> list[K]:
        return [what for what in self.kinds if isinstance(what, kind)]

    async def until(self, kind: type[Kind], count: int = 1) -> None:
        async with asyncio.timeout(DEADLINE):
            while len(self.of(kind)) < count:
                self.noted.clear()
                await self.noted.wait()


@asynccontextmanager
async def live(
    storage: Path | str,
    *,
    overlay: Overlay | None = None,
    v2: bool = True,
    s3_endpoint: str = "",
    spool: str = "",
) -> AsyncIterator[Live]:
    running = Live("")

    def sink(event: Event) -> None:
        running.kinds.append(event.what)
        running.noted.set()

    config = RecorderConfig(
        name="r1",
        storage=str(storage),
        timers=QUICK,
        v2=v2,
        s3_endpoint=s3_endpoint,
        spool=spool,
    )
    log = Log("recorder/r1", time.monotonic_ns, sink)
    async with serving(
        lambda stop, listening: serve_recorder(
            config, log, overlay=overlay or Overlay(), stop=stop, listening=listening
        )
    ) as running.address:
        yield running


def casts(base: Path) -> list[Path]:
    return sorted(base.glob("*/*.cast"))


def frames(answer: bytes | bytearray) -> list[dict[str, object]]:
    return [json.loads(line) for line in bytes(answer).splitlines()]


async def record_v2(peer: H2Peer, data: bytes) -> int:
    stream = peer.request("POST", "/v2/record")
    await peer.until(lambda: peer.answers[stream].status)
    assert peer.answers[stream].status == 200
    await peer.send(stream, data, end=True)
    await peer.until(lambda: peer.answers[stream].ended)
    return stream


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


V1_HEAD = (
    b"POST /record HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    b"Expect: 100-continue\r\n\r\n"
)
V1_END = b"0\r\n\r\n"
