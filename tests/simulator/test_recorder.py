"""The recorder at the wire: what it accepts, acks, refuses and stores, with real clients."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.history import (
    RecorderListening,
    UploadFailed,
    UploadRefused,
    UploadStarted,
    UploadStored,
)
from simulator.overlay import Overlay
from simulator.recorder import RecorderConfig, storage_for
from simulator.storage import StorageConfigError
from tests.simulator.live_recorder import (
    HEADER,
    V1_END,
    V1_HEAD,
    Live,
    casts,
    chunked,
    frames,
    live,
    record_v2,
)
from tests.simulator.peer import H2Peer, Raw

# --- v2 -------------------------------------------------------------------------------------------


def test_v2_keeps_the_bytes_and_acks_the_total(tmp_path: Path) -> None:
    data = (
        HEADER + b'[0.5,"o","hi \\u003c \xc3\xa9"]\r\n   not even json \xff\n[9,"o","no newline"]'
    )

    async def main() -> Live:
        async with live(tmp_path) as recorder:
            peer = await H2Peer.connect(recorder.address)
            stream = await record_v2(peer, data)
            assert frames(peer.answers[stream].body)[-1] == {"ack": len(data)}
            assert peer.answers[stream].reset is None
            await peer.close()
        return recorder

    recorder = asyncio.run(main())
    (path,) = casts(tmp_path)
    assert path.read_bytes() == data
    assert path.parent.name == "n1"
    assert path.name.startswith("2020-09-13T12:26:40.")
    started, stored = recorder.of(UploadStarted)[0], recorder.of(UploadStored)[0]
    assert stored == UploadStored(
        upload=started.upload, path=f"n1/{path.name}", size=len(data), complete=True
    )
    assert recorder.kinds[0] == RecorderListening(address=recorder.address)
    assert not list((tmp_path / ".incoming").iterdir())


def test_v2_acks_while_idle_before_the_header_line_came(tmp_path: Path) -> None:
    async def main() -> None:
        async with live(tmp_path) as recorder:
            peer = await H2Peer.connect(recorder.address)
            stream = peer.request("POST", "/v2/record")
            answer = peer.answers[stream]
            await peer.until(lambda: answer.body.count(b"\n") >= 3)
            assert {frame["ack"] for frame in frames(answer.body)} == {0}
            await peer.send(stream, HEADER[:10])
            await peer.until(lambda: b'{"ack":10}\n{"ack":10}' in answer.body)
            await peer.send(stream, HEADER[10:], end=True)
            await peer.until(lambda: answer.ended)
            await peer.close()

    asyncio.run(main())
    assert casts(tmp_path)[0].read_bytes() == HEADER


def test_v2_acks_what_is_written_while_a_flood_comes_in(tmp_path: Path) -> None:
    async def main() -> None:
        async with live(tmp_path) as recorder:
            peer = await H2Peer.connect(recorder.address)
            stream = peer.request("POST", "/v2/record")
            answer = peer.answers[stream]
            await peer.until(lambda: answer.status == 200)
            await peer.send(stream, HEADER)
            sent = len(HEADER)
            while answer.body.count(b"\n") < 5:  # the flood ends when the acks came through it
                await peer.send(stream, bytes(65_536))
                sent += 65_536
            await peer.send(stream, b"\n", end=True)
            await peer.until(lambda: answer.ended)
            acks = [frame["ack"] for frame in frames(answer.body)]
            assert acks == sorted(acks, key=lambda n: int(str(n)))
            assert acks[-1] == sent + 1
            await peer.close()

    asyncio.run(main())


def test_many_uploads_over_one_connection_stay_apart(tmp_path: Path) -> None:
    async def main() -> None:
        async with live(tmp_path) as recorder:
            peer = await H2Peer.connect(recorder.address)
            streams = [peer.request("POST", "/v2/record") for _ in range(20)]
            await peer.until(lambda: all(peer.answers[s].status for s in streams))
            for s in streams:
                await peer.send(s, HEADER)
            for number in range(10):
                for s in streams:
                    await peer.send(s, b'[%d,"o","%d"]\n' % (number, s))
            for s in streams:
                await peer.send(s, b"[99]\n", end=True)
            await peer.until(lambda: all(peer.answers[s].ended for s in streams))
            await peer.close()

    asyncio.run(main())
    expected = {
        HEADER + b"".join(b'[%d,"o","%d"]\n' % (n, s) for n in range(10)) + b"[99]\n"
        for s in range(1, 41, 2)
    }
    stored = [path.read_bytes() for path in casts(tmp_path)]
    assert len(stored) == 20
    assert set(stored) == expected


def test_what_a_client_sent_before_it_broke_off_is_kept(tmp_path: Path) -> None:
    async def main() -> Live:
        async with live(tmp_path) as recorder:
            peer = await H2Peer.connect(recorder.address)
            stream = peer.request("POST", "/v2/record")
            await peer.send(stream, HEADER + b"[1,")
            await peer.until(lambda: b'ack":%d' % (len(HEADER) + 3) in peer.answers[stream].body)
            peer.cancel(stream)
            silent = peer.request("POST", "/v2/record")
            await peer.until(lambda: peer.answers[silent].status == 200)
            await peer.close()
            await recorder.until(UploadStored, 2)
        return recorder

    recorder = asyncio.run(main())
    (path,) = casts(tmp_path)
    assert path.read_bytes() == HEADER + b"[1,"
    whole = {(what.size, what.complete) for what in recorder.of(UploadStored)}
    assert whole == {(len(HEADER) + 3, False), (0, False)}


def test_v2_refuses_when_storage_cannot_be_opened(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.write_text("a file where the base path should be")

    async def main() -> Live:
        async with live(base) as recorder:
            peer = await H2Peer.connect(recorder.address)
            probe = peer.request("HEAD", "/v2/record", end=True)
            stream = peer.request("POST", "/v2/record")
            await peer.until(lambda: peer.answers[stream].ended and peer.answers[probe].ended)
            assert peer.answers[probe].status == 200
            assert peer.answers[stream].status == 503
            base.unlink()  # the disk is well again, and nobody restarts the recorder
            await record_v2(peer, HEADER)
            await peer.close()
        return recorder

    (refused,) = asyncio.run(main()).of(UploadRefused)
    assert (refused.version, refused.status) == ("v2", 503)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let every write beyond `size` bytes of a file fail, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_v2_ends_with_an_error_frame_when_the_disk_is_full(tmp_path: Path) -> None:
    data = HEADER + bytes(300_000)

    async def main() -> Live:
        async with live(tmp_path) as recorder:
            peer = await H2Peer.connect(recorder.address)
            stream, sibling = (peer.request("POST", "/v2/record") for _ in range(2))
            await peer.until(lambda: peer.answers[sibling].status == 200)
            with files_up_to(100_000):
                await peer.send(stream, data)
                await peer.until(lambda: peer.answers[stream].reset is not None)
            *acks, last = frames(peer.answers[stream].body)
            assert "File too large" in str(last["error"])
            assert all("error" not in ack for ack in acks)
            assert peer.answers[stream].ended
            assert peer.answers[stream].reset == 0
            await peer.send(sibling, HEADER, end=True)
            await peer.until(lambda: peer.answers[sibling].ended)
            assert frames(peer.answers[sibling].body)[-1] == {"ack": len(HEADER)}
            await peer.close()
        return recorder

    recorder = asyncio.run(main())
    assert len(recorder.of(UploadFailed)) == 1
    assert {len(path.read_bytes()) for path in casts(tmp_path)} == {100_000, len(HEADER)}
    assert all(data.startswith(path.read_bytes()) for path in casts(tmp_path))


# --- v1 -------------------------------------------------------------------------------------------


def test_v1_says_100_then_200_once_it_is_stored(tmp_path: Path) -> None:
    async def main() -> None:
        async with live(tmp_path) as recorder:
            client = await Raw.connect(recorder.address)
            client.say(V1_HEAD)
            assert (await client.head()).startswith(b"HTTP/1.1 100 ")
            client.say(chunked(HEADER) + chunked(b"[1,") + chunked(b'"o","x"]\n') + V1_END)
            assert (await client.head()).startswith(b"HTTP/1.1 200 ")
            assert casts(tmp_path)[0].read_bytes() == HEADER + b'[1,"o","x"]\n'
            await client.close()

    asyncio.run(main())


def test_v1_refuses_before_the_100(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.write_text("")

    async def main() -> None:
        async with live(base) as recorder:
            client = await Raw.connect(recorder.address)
            client.say(V1_HEAD)
            assert (await client.head()).startswith(b"HTTP/1.1 503 ")
            await client.close()

    asyncio.run(main())


def test_v1_says_5xx_when_the_disk_is_full(tmp_path: Path) -> None:
    async def main() -> Live:
        async with live(tmp_path) as recorder:
            client = await Raw.connect(recorder.address)
            client.say(V1_HEAD)
            await client.head()
            with files_up_to(100_000):
                client.say(chunked(HEADER) + chunked(bytes(300_000)))
                assert (await client.head()).startswith(b"HTTP/1.1 500 ")
            await client.close()
        return recorder

    assert len(asyncio.run(main()).of(UploadFailed)) == 1


def test_v1_keeps_what_came_before_the_connection_broke(tmp_path: Path) -> None:
    async def main() -> None:
        async with live(tmp_path) as recorder:
            client = await Raw.connect(recorder.address)
            client.say(V1_HEAD)
            await client.head()
            client.say(chunked(HEADER) + b"ff\r\n[1,")
            client.writer.write_eof()
            await recorder.until(UploadStored)
            await client.close()
            (stored,) = recorder.of(UploadStored)
            assert not stored.complete

    asyncio.run(main())
    assert casts(tmp_path)[0].read_bytes() == HEADER + b"[1,"


def test_a_v1_recorder_knows_no_http2(tmp_path: Path) -> None:
    async def main() -> None:
        async with live(tmp_path, v2=False) as recorder:
            client = await Raw.connect(recorder.address)
            client.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, *bytes(5)]))
            assert (await client.rest()).startswith(b"HTTP/1.1 505 ")
            await client.close()
            client = await Raw.connect(recorder.address)
            client.say(b"HEAD /v2/record HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await client.head()).startswith(b"HTTP/1.1 404 ")
            await client.close()
            client = await Raw.connect(recorder.address)
            client.say(V1_HEAD)
            assert (await client.head()).startswith(b"HTTP/1.1 100 ")
            await client.close()

    asyncio.run(main())


# --- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        (b"GET", b"/healthz", b"200"),
        (b"GET", b"/", b"404"),
        (b"GET", b"/record", b"405"),
        (b"PUT", b"/v2/record", b"405"),
        (b"HEAD", b"/v2/event", b"200"),
        (b"DELETE", b"/v2/event", b"405"),
        (b"POST", b"/v2/record", b"505"),
        (b"GET", b"/../etc/passwd", b"404"),
    ],
)
def test_http1_requests(tmp_path: Path, method: bytes, path: bytes, status: bytes) -> None:
    async def main() -> None:
        async with live(tmp_path) as recorder:
            client = await Raw.connect(recorder.address)
            client.say(b"%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" % (method, path))
            assert (await client.head()).split()[1] == status
            await client.close()

    asyncio.run(main())


def test_events_are_kept_as_they_were_sent(tmp_path: Path) -> None:
    event = b'{"type":"Kubernetes API Request","id":"","source":{"nodeID":"n/1"}, "more":[1]}'

    async def main() -> None:
        async with live(tmp_path) as recorder:
            client = await Raw.connect(recorder.address)
            for body, status in ((event, b"200"), (b"not json", b"400"), (b"", b"400")):
                client.say(
                    b"POST /v2/event HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
                    + body
                )
                assert (await client.head()).split()[1] == status
                await client.until(b"\n")
            await client.close()

    asyncio.run(main())
    (path,) = tmp_path.glob("*/*.event.json")
    assert path.parent.name == "n%2F1"
    assert path.read_bytes() == event


@pytest.mark.parametrize("storage", ["", "s3://", "s3:///prefix", "gs://bucket", "a\0b"])
def test_storage_that_cannot_be_meant_is_refused(storage: str) -> None:
    with pytest.raises(StorageConfigError):
        storage_for(RecorderConfig(name="r1", storage=storage), Overlay())


def test_an_s3_endpoint_is_a_url() -> None:
    config = RecorderConfig(name="r1", storage="s3://bucket", s3_endpoint="127.0.0.1:9000")
    with pytest.raises(StorageConfigError, match="expected http://"):
        storage_for(config, Overlay())


def test_a_recorder_that_stops_keeps_what_came(tmp_path: Path) -> None:
    async def main() -> Live:
        async with live(tmp_path) as recorder:
            peer = await H2Peer.connect(recorder.address)
            stream = peer.request("POST", "/v2/record")
            await peer.send(stream, HEADER + b"[1]\n")
            await peer.until(lambda: b":%d}" % (len(HEADER) + 4) in peer.answers[stream].body)
        await peer.until(lambda: peer.closed)
        assert not peer.answers[stream].ended
        await peer.close()
        return recorder

    (stored,) = asyncio.run(main()).of(UploadStored)
    assert not stored.complete
    assert casts(tmp_path)[0].read_bytes() == HEADER + b"[1]\n"
