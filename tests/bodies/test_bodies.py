"""The recorders of other stacks record: each on loopback, against clients at the wire."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h11
import pytest

from tests.bodies import PLAIN_COMMAND, NoGo, go_command
from tests.simulator.peer import DEADLINE, H2Peer, Raw

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

HOST = "127.0.0.1"
HEADER = b'{"version":2,"width":80,"height":24,"timestamp":1700000000,"srcNodeID":"nOdE1CNTRL"}\n'
STORED = "nOdE1CNTRL/2023-11-14T22:13:20Z.cast"
RECORDING = HEADER + b'[0.1,"o","a\\u003cb\\r\\n"]\n[0.2,"o","\xc3\xa4"]\n'
V1_HEAD = b"POST /record HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
ASKING = V1_HEAD + b"Expect: 100-continue\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("go_recorder")


@pytest.fixture
def go(cache: Path) -> tuple[str, ...]:
    try:
        return go_command(cache)
    except NoGo as error:
        pytest.skip(str(error))


@pytest.fixture(params=["go", "plain"])
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if request.param == "plain":
        return PLAIN_COMMAND
    found: tuple[str, ...] = request.getfixturevalue("go")
    return found


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@dataclass
class Body:
    """A recorder that runs."""

    process: asyncio.subprocess.Process
    address: str
    storage: Path

    def stored(self) -> dict[str, bytes]:
        kept = {}
        for path in files(self.storage):
            with suppress(FileNotFoundError):  # It has just got its name.
                kept[path.relative_to(self.storage).as_posix()] = path.read_bytes()
        return kept

    async def until(self, true: Callable[[dict[str, bytes]], object]) -> dict[str, bytes]:
        """Look at the storage until `true` is."""
        async with asyncio.timeout(DEADLINE):
            while not true(self.stored()):  # noqa: ASYNC110 - another process's files
                await asyncio.sleep(0.01)
        return self.stored()

    async def end(self, number: signal.Signals) -> int:
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(DEADLINE):
            return await self.process.wait()


@asynccontextmanager
async def running(command: tuple[str, ...], storage: Path) -> AsyncIterator[Body]:
    places = {"host": HOST, "port": 0, "storage": storage}
    process = await asyncio.create_subprocess_exec(
        *(part.format(**places) for part in command), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(DEADLINE):
            said = (await process.stderr.readline()).decode()
        start, _, address = said.rstrip().rpartition(" ")
        assert start == "listening on", said
        yield Body(process, address, storage)
    finally:
        if process.returncode is None:
            process.kill()
        async with asyncio.timeout(DEADLINE):
            await process.communicate()


def play(
    command: tuple[str, ...], storage: Path, session: Callable[[Body], Awaitable[None]]
) -> None:
    async def whole() -> None:
        async with running(command, storage) as body:
            await session(body)

    asyncio.run(whole())


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def ask(body: Body, head: bytes = ASKING) -> Raw:
    """Begin an upload, up to the interim 100."""
    raw = await Raw.connect(body.address)
    raw.say(head)
    assert await raw.head() == INTERIM
    return raw


def frames(data: bytes | bytearray) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


class V1Client:
    """An upload by h11, which knows what an answer may look like."""

    def __init__(self, raw: Raw) -> None:
        self.raw, self.http = raw, h11.Connection(h11.CLIENT)

    def send(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> None:
        self.raw.say(self.http.send(event) or b"")

    async def status(self) -> int:
        async with asyncio.timeout(DEADLINE):
            while (event := self.http.next_event()) is h11.NEED_DATA:
                self.http.receive_data(await self.raw.reader.read(65_536))
        assert isinstance(event, (h11.InformationalResponse, h11.Response))
        return event.status_code


def test_v1_is_recorded(command: tuple[str, ...], tmp_path: Path) -> None:
    async def session(body: Body) -> None:
        client = V1Client(await Raw.connect(body.address))
        fields = {"Host": "x", "Transfer-Encoding": "chunked", "Expect": "100-continue"}
        client.send(h11.Request(method="POST", target="/record", headers=list(fields.items())))
        assert await client.status() == 100
        for cut in range(0, len(RECORDING), 7):
            client.send(h11.Data(data=RECORDING[cut : cut + 7]))
        client.send(h11.EndOfMessage())
        assert await client.status() == 200
        assert body.stored() == {STORED: RECORDING}
        await client.raw.close()

    play(command, tmp_path, session)


def test_v2_is_recorded(go: tuple[str, ...], tmp_path: Path) -> None:
    async def session(body: Body) -> None:
        peer = await H2Peer.connect(body.address)
        probe = peer.answers[peer.request("HEAD", "/v2/record", end=True)]
        await peer.until(lambda: probe.ended)
        assert probe.status == 200
        assert not probe.body
        stream = peer.request("POST", "/v2/record")
        answer = peer.answers[stream]
        await peer.until(lambda: answer.status)
        await peer.send(stream, RECORDING, end=True)
        await peer.until(lambda: answer.ended)
        assert answer.status == 200
        assert frames(answer.body)[-1] == {"ack": len(RECORDING)}
        assert body.stored() == {STORED: RECORDING}
        await peer.close()

    play(go, tmp_path, session)


def test_v2_is_acked_while_nothing_comes(go: tuple[str, ...], tmp_path: Path) -> None:
    async def session(body: Body) -> None:
        peer = await H2Peer.connect(body.address)
        stream = peer.request("POST", "/v2/record")
        await peer.until(lambda: peer.answers[stream].status)
        await peer.send(stream, HEADER)
        await peer.until(lambda: peer.answers[stream].body)
        assert frames(peer.answers[stream].body) == [{"ack": len(HEADER)}]
        await peer.close()

    play(go, tmp_path, session)


def test_storage_that_fails_under_v2_is_the_last_frame(go: tuple[str, ...], tmp_path: Path) -> None:
    async def session(body: Body) -> None:
        resource.prlimit(body.process.pid, resource.RLIMIT_FSIZE, (200, 200))
        peer = await H2Peer.connect(body.address)
        stream = peer.request("POST", "/v2/record")
        await peer.send(stream, HEADER + bytes(1000))
        await peer.until(lambda: peer.answers[stream].ended)
        assert frames(peer.answers[stream].body)[-1]["error"]
        assert body.stored() == {STORED: (HEADER + bytes(1000))[:200]}
        await peer.close()

    play(go, tmp_path, session)


def test_storage_that_fails_under_v1_is_answered_at_once(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    async def session(body: Body) -> None:
        resource.prlimit(body.process.pid, resource.RLIMIT_FSIZE, (200, 200))
        raw = await ask(body)
        raw.say(chunk(HEADER + bytes(1000)))  # And no end: the session would go on.
        assert (await raw.head()).startswith(b"HTTP/1.1 500 ")
        await raw.close()

    play(command, tmp_path, session)


def test_storage_that_is_gone_is_told_before_the_interim_100(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    storage = tmp_path / "storage"
    storage.mkdir()

    async def session(body: Body) -> None:
        storage.rename(tmp_path / "elsewhere")
        raw = await Raw.connect(body.address)
        raw.say(ASKING)
        assert (await raw.head()).startswith(b"HTTP/1.1 503 ")
        await raw.close()
        storage.mkdir()  # Back again, another folder.
        await (await ask(body)).close()

    play(command, storage, session)


@pytest.mark.parametrize("part", [HEADER, HEADER[:20]])
def test_what_came_of_an_upload_that_broke_off_is_kept(
    command: tuple[str, ...], tmp_path: Path, part: bytes
) -> None:
    async def session(body: Body) -> None:
        raw = await ask(body)
        raw.say(chunk(part))
        await body.until(lambda stored: part in stored.values())
        await raw.close()
        [name] = await body.until(lambda stored: not any(".incoming" in name for name in stored))
        assert (name == STORED) == (part == HEADER)
        assert body.stored()[name] == part

    play(command, tmp_path, session)


def test_a_stream_that_is_reset_is_kept(go: tuple[str, ...], tmp_path: Path) -> None:
    async def session(body: Body) -> None:
        peer = await H2Peer.connect(body.address)
        stream = peer.request("POST", "/v2/record")
        await peer.send(stream, HEADER[:20])
        await body.until(lambda stored: HEADER[:20] in stored.values())
        peer.cancel(stream)
        stored = await body.until(lambda stored: not any(".incoming" in name for name in stored))
        assert [*stored.values()] == [HEADER[:20]]
        await peer.close()

    play(go, tmp_path, session)


@pytest.mark.parametrize("part", [RECORDING, HEADER[:20]])
def test_what_a_killed_recorder_had_is_there_after_a_restart(
    command: tuple[str, ...], tmp_path: Path, part: bytes
) -> None:
    async def session(body: Body) -> None:
        raw = await ask(body)
        raw.say(chunk(part))
        await body.until(lambda stored: part in stored.values())
        assert await body.end(signal.SIGKILL) == -signal.SIGKILL
        await raw.close()

    async def again(body: Body) -> None:
        [name] = body.stored()
        assert (name == STORED) == (part == RECORDING)
        assert body.stored()[name] == part

    play(command, tmp_path, session)
    play(command, tmp_path, again)


def test_sessions_of_one_second_keep_apart(command: tuple[str, ...], tmp_path: Path) -> None:
    async def session(body: Body) -> None:
        raws = [await ask(body) for _ in range(20)]
        sent = [HEADER + b'[0,"o","%d"]\n' % number for number in range(20)]
        for raw, data in zip(raws, sent, strict=True):
            raw.say(chunk(data) + LAST_CHUNK)
        for raw in raws:
            assert (await raw.head()).startswith(b"HTTP/1.1 200 ")
            await raw.close()
        assert sorted(body.stored().values()) == sorted(sent)

    play(command, tmp_path, session)


@pytest.mark.parametrize(
    "node", ["../../out", "/out", ".", "", "a/b", "x\0y", "n" * 5000, "\ud800"]
)
def test_a_node_id_stays_within_the_storage(
    command: tuple[str, ...], tmp_path: Path, node: str
) -> None:
    storage = tmp_path / "a" / "b"
    storage.mkdir(parents=True)
    data = json.dumps({"version": 2, "srcNodeID": node}).encode() + b"\n"

    async def session(body: Body) -> None:
        raw = await ask(body)
        raw.say(chunk(data) + LAST_CHUNK)
        assert (await raw.head()).startswith(b"HTTP/1.1 200 ")
        await raw.close()
        [name] = body.stored()
        assert files(tmp_path) == [storage / name]
        assert name.count("/") == 1
        assert not name.startswith("unknown/")

    play(command, storage, session)


def test_a_recorder_without_http_2_says_so_and_goes_on(tmp_path: Path) -> None:
    async def session(body: Body) -> None:
        raw = await Raw.connect(body.address)
        raw.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
        assert (await raw.rest()).startswith(b"HTTP/1.1 505 ")
        await raw.close()
        await (await ask(body)).close()

    play(PLAIN_COMMAND, tmp_path, session)


@pytest.mark.parametrize(
    ("fields", "rest"),
    [
        (b"Content-Length: 4\r\n", LAST_CHUNK),
        (b"", b"-1\r\n"),
        (b"", b"5\r\nabc\r\n" + LAST_CHUNK),
        (b"", b"fffffffffffffffff\r\n"),
        (b"", b"0\r\nTrailer: " + b"a" * 20_000 + b"\r\n\r\n"),
    ],
)
def test_there_is_one_request_a_connection(
    command: tuple[str, ...], tmp_path: Path, fields: bytes, rest: bytes
) -> None:
    async def session(body: Body) -> None:
        raw = await Raw.connect(body.address)
        raw.say(V1_HEAD + fields + b"\r\n" + rest + V1_HEAD + b"\r\n" + chunk(HEADER) + LAST_CHUNK)
        assert (await raw.rest()).count(b"HTTP/1.1 ") == 1
        await raw.close()

    play(command, tmp_path, session)


def test_a_method_that_there_is_not_is_answered_with_those_there_are(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    async def session(body: Body) -> None:
        raw = await Raw.connect(body.address)
        raw.say(b"GET /record HTTP/1.1\r\nHost: x\r\n\r\n")
        head = (await raw.head()).split(b"\r\n")
        assert head[0].startswith(b"HTTP/1.1 405 ")
        assert b"Allow: POST" in head
        await raw.close()

    play(command, tmp_path, session)


@pytest.mark.parametrize(
    ("event", "status"), [(b'{"id":"",\n"source":null}', b"200"), (b"[]", b"400")]
)
def test_an_event_is_stored_when_it_is_one(
    go: tuple[str, ...], tmp_path: Path, event: bytes, status: bytes
) -> None:
    async def session(body: Body) -> None:
        raw = await Raw.connect(body.address)
        raw.say(b"POST /v2/event HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(event))
        raw.say(event)
        assert (await raw.head()).split()[1] == status
        assert [*body.stored().values()] == ([event] if status == b"200" else [])
        await raw.close()

    play(go, tmp_path, session)


def test_a_recorder_ends_when_told_to(command: tuple[str, ...], tmp_path: Path) -> None:
    async def session(body: Body) -> None:
        raw = await ask(body)
        raw.say(chunk(RECORDING))
        await body.until(lambda stored: RECORDING in stored.values())
        assert await body.end(signal.SIGTERM) == 0
        await raw.close()
        assert body.stored() == {STORED: RECORDING}

    play(command, tmp_path, session)
