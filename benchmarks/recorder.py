"""How fast one v2 stream goes, and how a thousand idle sessions fare.

Run as ``python -m benchmarks.recorder``. Prints each number with its limit and the ratio between
them (above 1 is good), and exits 1 when a limit is missed. The recorder runs in a process of its
own, first on the filesystem, then on S3. A stream's speed counts from its first byte until all was
taken off our hands; how long the object store then takes until the object is whole is told, and
has no limit: it is moto's speed, not the recorder's.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import resource
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.settings
from botocore.exceptions import BotoCoreError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance.history import Log
from fixtures.loopback import free_port
from fixtures.s3 import client
from simulator.overlay import Overlay
from simulator.recorder import RecorderConfig, serve_recorder

MEGABYTE = 1_000_000
FLOOD = {"filesystem": 1_500 * MEGABYTE, "S3": 400 * MEGABYTE}
SESSIONS = 1000
WATCHED = 16.0
"""Seconds for which the idle sessions are watched: three turns of the ack cadence."""
HEADER = b'{"version":2,"width":80,"height":24,"timestamp":1600000000,"srcNodeID":"n%d"}\n'
EVENT = b'[1.234567,"o","%s"]\n' % (b"x" * 80)

MIN_MB_PER_S = 100.0
MAX_ACK_GAP_S = 6.0
MAX_RSS_MB = 300.0


def serve(storage: str, endpoint: str, spool: str, tell: Connection) -> None:
    """Run the recorder in this process until SIGTERM."""

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        config = RecorderConfig(name="r1", storage=storage, s3_endpoint=endpoint, spool=spool)
        log = Log("recorder/r1", time.monotonic_ns, lambda _: None)
        await serve_recorder(config, log, overlay=Overlay(), stop=stop, listening=tell.send)

    asyncio.run(main())


class Session:
    """One v2 upload over its own connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.frames: list[float] = []
        """When each frame of the answer came; first the headers."""
        self.ended = False
        self._moved = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, address: str) -> Session:
        """Connect and wait for the 200."""
        host, _, port = address.rpartition(":")
        session = cls(*await asyncio.open_connection(host, int(port)))
        session.h2.initiate_connection()
        head = [(":method", "POST"), (":scheme", "http"), (":authority", address)]
        session.h2.send_headers(1, [*head, (":path", "/v2/record")])
        session.flush()
        await session.until_frames(1)
        return session

    def flush(self) -> None:
        """Write what h2 has to say."""
        self._writer.write(self.h2.data_to_send())

    async def _read(self) -> None:
        with suppress(OSError):
            while data := await self._reader.read(65_536):
                for event in self.h2.receive_data(data):
                    if isinstance(event, h2.events.ResponseReceived | h2.events.DataReceived):
                        self.frames.append(time.monotonic())
                    self.ended |= isinstance(event, h2.events.StreamEnded)
                self.flush()
                self._moved.set()

    async def until_frames(self, count: int) -> None:
        """Wait until so many frames came."""
        while len(self.frames) < count:
            await self.moved()

    async def moved(self) -> None:
        """Wait until something came in."""
        self._moved.clear()
        async with asyncio.timeout(30):
            await self._moved.wait()

    async def send(self, data: bytes) -> None:
        """Send body bytes as the windows allow."""
        view = memoryview(data)
        while view:
            while not (room := self.h2.local_flow_control_window(1)):
                await self.moved()
            size = min(room, self.h2.max_outbound_frame_size, len(view))
            self.h2.send_data(1, view[:size].tobytes())
            view = view[size:]
            self.flush()
            await self._writer.drain()

    async def end(self) -> None:
        """End the body and wait for the answer's end."""
        self.h2.end_stream(1)
        self.flush()
        while not self.ended:
            await self.moved()
        self._writer.transport.abort()


async def throughput(address: str, flood: int) -> tuple[float, float, float]:
    """Return MB/s of one stream, the longest gap between acks in seconds, and the end's seconds.

    A recorder acks what it has; the speed counts until all was given window for, which is when it
    was read, and the end until the answer ends.
    """
    session = await Session.open(address)
    chunk = EVENT * (MEGABYTE // len(EVENT))
    began, left = time.monotonic(), flood
    await session.send(HEADER % 0)
    while left > 0:
        await session.send(chunk)
        left -= len(chunk)
    took = time.monotonic() - began
    await session.end()
    ended = time.monotonic() - began - took
    return flood / MEGABYTE / took, longest_gap(session.frames), ended


def longest_gap(times: list[float]) -> float:
    """Return the longest time between two of `times`."""
    return max(after - before for before, after in itertools.pairwise(times))


async def idle(address: str, recorder: int) -> tuple[float, float]:
    """Return the longest ack gap of many idle sessions, and the recorder's memory in MB."""
    sessions = []
    for number in range(SESSIONS):
        session = await Session.open(address)
        await session.send(HEADER % number)
        sessions.append(session)
    await asyncio.sleep(WATCHED)
    now = time.monotonic()
    gap = max(longest_gap([*session.frames, now]) for session in sessions)
    rss = resident(recorder)
    await asyncio.gather(*(session.end() for session in sessions))
    return gap, rss


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MEGABYTE


def report(what: str, number: float, limit: float, unit: str, ratio: float) -> bool:
    """Print one line; tell whether the limit is kept."""
    print(f"{what:<40} {number:8.1f} {unit:<5} limit {limit:6.1f}   ratio {ratio:5.2f}")
    return ratio >= 1


def main() -> int:
    """Measure and print."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    with tempfile.TemporaryDirectory(prefix="recspec-benchmark-") as folder:
        good = measure("filesystem", f"{folder}/recordings", "", folder)
        port = free_port()
        store = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            endpoint = f"http://127.0.0.1:{port}"
            make_bucket(endpoint)
            good += measure("S3", "s3://benchmark/", endpoint, f"{folder}/spool")
        finally:
            store.terminate()
            store.wait(10)
    return 0 if all(good) else 1


def make_bucket(endpoint: str) -> None:
    """Make the bucket as soon as the store answers; raises after half a minute."""
    deadline = time.monotonic() + 30
    while True:
        try:
            client(endpoint).create_bucket(Bucket="benchmark")
        except BotoCoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def measure(kind: str, storage: str, endpoint: str, spool: str) -> list[bool]:
    """Measure a recorder on one kind of storage; tell which limits are kept."""
    print(f"-- {kind}")
    here, there = multiprocessing.Pipe()
    recorder = multiprocessing.get_context("fork").Process(
        target=serve, args=(storage, endpoint, spool, there)
    )
    recorder.start()
    assert recorder.pid is not None
    try:
        address = here.recv()
        speed, busy_gap, ended = asyncio.run(throughput(address, FLOOD[kind]))
        busy = resident(recorder.pid)
        gap, rss = asyncio.run(idle(address, recorder.pid))
    finally:
        recorder.terminate()
        recorder.join(10)
    print(f"{'the end of the stream':<40} {ended:8.1f} s")
    return [
        report("one h2c stream", speed, MIN_MB_PER_S, "MB/s", speed / MIN_MB_PER_S),
        report("longest ack gap, busy", busy_gap, MAX_ACK_GAP_S, "s", MAX_ACK_GAP_S / busy_gap),
        report("recorder's memory after the stream", busy, MAX_RSS_MB, "MB", MAX_RSS_MB / busy),
        report(f"longest ack gap, {SESSIONS} idle", gap, MAX_ACK_GAP_S, "s", MAX_ACK_GAP_S / gap),
        report(f"recorder's memory, {SESSIONS} idle", rss, MAX_RSS_MB, "MB", MAX_RSS_MB / rss),
    ]


if __name__ == "__main__":
    sys.exit(main())
