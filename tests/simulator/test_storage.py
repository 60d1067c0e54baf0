"""Storage backends: nothing is lost, nothing looks whole that is not, and kills are survived."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from moto.server import ThreadedMotoServer

from conformance.wire import SECOND, Timers
from simulator.storage import Recording, Storage, StorageError
from simulator.storage.filesystem import FilesystemStorage
from simulator.storage.incoming import INLINE, Incoming
from simulator.storage.naming import HEADER_LIMIT, Name
from simulator.storage.s3 import S3Storage, s3_client
from simulator.storage.transfer import PART
from tests.simulator.peer import DEADLINE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEADER = b'{"version":2,"timestamp":1600000000,"srcNodeID":"n1"}\n'
OPENED = 1_700_000_000 * SECOND + 5
PATH = "n1/2020-09-13T12:26:40.000000005Z.cast"
NEXT = "n1/2020-09-13T12:26:40.000000006Z.cast"


def clock() -> int:
    """A clock that stands still: every recording is opened in the same nanosecond."""
    return OPENED


async def record(storage: Storage, data: bytes, *, complete: bool = True) -> str:
    recording = await storage.open()
    if data:
        await recording.append(data)
    return await recording.finish(complete=complete)


async def until(true: Callable[[], object]) -> None:
    """Wait for what shows outside of us: a store and a thread give no event."""
    async with asyncio.timeout(DEADLINE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def files(base: Path) -> dict[str, bytes]:
    paths = [path for path in base.rglob("*") if path.is_file()]
    return {str(path.relative_to(base)): path.read_bytes() for path in paths}


# --- filesystem -----------------------------------------------------------------------------------


def test_recordings_of_one_nanosecond_are_all_kept(tmp_path: Path) -> None:
    async def main() -> list[str]:
        storage = FilesystemStorage(tmp_path, clock=clock)
        first, second = await storage.open(), await storage.open()
        await first.append(HEADER + b"first")
        await second.append(HEADER + b"second")
        return [await second.finish(complete=True), await first.finish(complete=True)]

    assert sorted(asyncio.run(main())) == [PATH, NEXT]
    assert files(tmp_path) == {PATH: HEADER + b"first", NEXT: HEADER + b"second"}


@pytest.mark.parametrize(
    ("data", "complete", "kept"),
    [
        (b"", False, {}),
        (b"", True, {"unknown/2023-11-14T22:13:20.000000005Z.cast": b""}),
        (HEADER[:-1], False, {PATH: HEADER[:-1]}),
        (HEADER[:9], False, {"unknown/2023-11-14T22:13:20.000000005Z.cast": HEADER[:9]}),
        (bytes(3 * INLINE), True, {"unknown/2023-11-14T22:13:20.000000005Z.cast": bytes(196_608)}),
    ],
)
def test_what_is_kept_of_odd_recordings(
    tmp_path: Path, data: bytes, complete: bool, kept: dict[str, bytes]
) -> None:
    asyncio.run(record(FilesystemStorage(tmp_path, clock=clock), data, complete=complete))
    assert files(tmp_path) == kept


def test_a_header_line_that_never_ends_is_kept_whole(tmp_path: Path) -> None:
    data = b'{"srcNodeID":"n1","x":"' + b"x" * (HEADER_LIMIT + 9)
    asyncio.run(record(FilesystemStorage(tmp_path, clock=clock), data))
    assert files(tmp_path) == {"unknown/2023-11-14T22:13:20.000000005Z.cast": data}


@pytest.mark.parametrize("node_id", ["../../out", "/etc", "..", "", "a\\u0000b", ".incoming"])
def test_no_node_id_leads_out_of_the_base_path(tmp_path: Path, node_id: str) -> None:
    base = tmp_path / "deep" / "base"
    header = b'{"timestamp":1600000000,"srcNodeID":"%s"}\n' % node_id.encode()
    asyncio.run(record(FilesystemStorage(base, clock=clock), header))
    (path,) = files(tmp_path)
    assert path.startswith("deep/base/")
    assert len(Path(path).parts) == 4
    assert files(tmp_path)[path] == header


def test_events_are_kept_apart(tmp_path: Path) -> None:
    async def main() -> None:
        storage = FilesystemStorage(tmp_path, clock=clock)
        for data in (b"one", b"two"):
            await storage.put(Name("n1", OPENED, ".event.json"), data)

    asyncio.run(main())
    assert sorted(files(tmp_path).values()) == [b"one", b"two"]


def test_what_a_killed_recorder_left_is_named_at_the_next_start(tmp_path: Path) -> None:
    async def main() -> None:
        storage = FilesystemStorage(tmp_path, clock=clock)
        alive, named, unnamed, empty = [await storage.open() for _ in range(4)]
        await alive.append(b"still coming")
        await named.append(HEADER + b"named")
        await unnamed.append(HEADER[:-1])
        for recording in (named, unnamed, empty):
            os.close(recording._incoming.fd)  # the kernel does this to a process that is killed
            recording._incoming.fd = -1
        await FilesystemStorage(tmp_path).start()
        kept = files(tmp_path)
        assert sorted(kept.values()) == sorted([b"still coming", HEADER + b"named", HEADER[:-1]])
        assert {PATH, NEXT} < set(kept)
        await alive.append(b"!")
        await alive.finish(complete=True)

    asyncio.run(main())
    assert b"still coming!" in files(tmp_path).values()
    assert not list((tmp_path / ".incoming").iterdir())


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / ".incoming"
    folder.mkdir()
    (folder / "notes").write_text("mine")
    asyncio.run(FilesystemStorage(tmp_path).start())
    assert files(tmp_path) == {".incoming/notes": b"mine"}


def test_a_file_is_not_closed_while_a_thread_uses_it(tmp_path: Path) -> None:
    async def main() -> None:
        incoming = Incoming.create(tmp_path, OPENED)
        begun, go = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def action() -> int:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result(DEADLINE)
            return os.write(incoming.fd, b"late")

        task = asyncio.create_task(incoming.run(action))
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        incoming.close()
        assert incoming.fd >= 0
        go.set()
        await until(lambda: incoming.fd < 0)
        assert incoming.path.read_bytes() == b"late"

    asyncio.run(main())


# --- S3 -------------------------------------------------------------------------------------------


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = s3_client(url)
    client.create_bucket(Bucket="bucket")
    yield url
    for page in client.list_objects_v2(Bucket="bucket").get("Contents", []):
        client.delete_object(Bucket="bucket", Key=page["Key"])
    client.delete_bucket(Bucket="bucket")
    client.close()
    server.stop()


QUICK = Timers(open=10 * SECOND, ack_cadence=SECOND // 20, final=15 * SECOND)
HASTY = Timers(open=SECOND, ack_cadence=SECOND // 20, final=SECOND // 2)


@asynccontextmanager
async def bucket(
    endpoint: str, spool: Path, timers: Timers = QUICK, prefix: str = "some/where"
) -> AsyncIterator[S3Storage]:
    storage = S3Storage(
        "bucket", prefix, endpoint=endpoint, spool=spool, timers=timers, clock=clock
    )
    await storage.start()
    try:
        yield storage
    finally:
        await storage.close()


def objects(client: S3Client) -> dict[str, bytes]:
    listed = client.list_objects_v2(Bucket="bucket").get("Contents", [])
    return {
        entry["Key"]: client.get_object(Bucket="bucket", Key=entry["Key"])["Body"].read()
        for entry in listed
    }


def uploads(client: S3Client) -> list[str]:
    return [u["Key"] for u in client.list_multipart_uploads(Bucket="bucket").get("Uploads", [])]


@pytest.fixture
def client(endpoint: str) -> Iterator[S3Client]:
    client = s3_client(endpoint)
    yield client
    client.close()


@pytest.mark.parametrize("size", [0, 10, PART - len(HEADER), PART, 2 * PART + 1])
def test_objects_of_any_size_are_whole(
    endpoint: str, client: S3Client, tmp_path: Path, size: int
) -> None:
    data = HEADER + os.urandom(size)

    async def main() -> str:
        async with bucket(endpoint, tmp_path) as storage:
            recording = await storage.open()
            for start in range(0, len(data), 1 << 20):
                await recording.append(data[start : start + (1 << 20)])
            assert not objects(client)
            return await recording.finish(complete=True)

    assert asyncio.run(main()) == PATH
    assert objects(client) == {f"some/where/{PATH}": data}
    assert not uploads(client)
    assert not files(tmp_path)


@pytest.mark.parametrize("size", [10, PART + 1])
def test_a_taken_key_is_never_overwritten(
    endpoint: str, client: S3Client, tmp_path: Path, size: int
) -> None:
    client.put_object(Bucket="bucket", Key=PATH, Body=b"another recorder's")

    async def main() -> str:
        async with bucket(endpoint, tmp_path, prefix="") as storage:
            return await record(storage, HEADER + bytes(size))

    assert asyncio.run(main()) == NEXT
    assert objects(client) == {PATH: b"another recorder's", NEXT: HEADER + bytes(size)}
    assert not uploads(client)


def test_a_key_is_the_path_also_with_an_odd_node_id(
    endpoint: str, client: S3Client, tmp_path: Path
) -> None:
    async def main() -> None:
        async with bucket(endpoint, tmp_path, prefix="p") as storage:
            header = b'{"timestamp":1600000000,"srcNodeID":"a/../b c"}\n'
            path = await record(storage, header)
            assert path == "a%2F..%2Fb%20c/2020-09-13T12:26:40.000000005Z.cast"
            assert objects(client) == {f"p/{path}": header}

    asyncio.run(main())


def test_a_recording_that_breaks_off_leaves_what_came(
    endpoint: str, client: S3Client, tmp_path: Path
) -> None:
    async def main() -> None:
        async with bucket(endpoint, tmp_path, prefix="") as storage:
            assert await record(storage, HEADER + b"[1,", complete=False) == PATH
            assert await record(storage, b"", complete=False) == ""

    asyncio.run(main())
    assert objects(client) == {PATH: HEADER + b"[1,"}


def test_a_bucket_that_cannot_be_written_refuses(tmp_path: Path, endpoint: str) -> None:
    async def main() -> None:
        storage = S3Storage("nobodys", "", endpoint=endpoint, spool=tmp_path, timers=QUICK)
        await storage.start()
        with pytest.raises(StorageError, match="NoSuchBucket"):
            await storage.open()
        await storage.close()

    asyncio.run(main())
    assert not files(tmp_path)


def test_a_store_that_is_down_or_silent_refuses(tmp_path: Path) -> None:
    async def main(port: int) -> None:
        storage = S3Storage(
            "bucket", "", endpoint=f"http://127.0.0.1:{port}", spool=tmp_path, timers=QUICK
        )
        await storage.start()
        with pytest.raises(StorageError):
            await storage.open()
        await storage.close()

    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        asyncio.run(main(silent.getsockname()[1]))  # nobody listens: refused
        silent.listen()
        asyncio.run(main(silent.getsockname()[1]))  # accepted by the kernel, never answered
    assert not files(tmp_path)


def test_openings_share_proofs(endpoint: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with bucket(endpoint, tmp_path) as storage:
            proofs = 0
            prove = storage._write_nothing

            def counted() -> None:
                nonlocal proofs
                proofs += 1
                prove()

            storage._write_nothing = counted  # type: ignore[method-assign]
            recordings = await asyncio.gather(*(storage.open() for _ in range(50)))
            assert proofs <= 3
            for recording in recordings:
                await recording.finish(complete=False)
            await storage.open()
            assert proofs <= 4

    asyncio.run(main())


def test_a_store_that_fails_midway_is_an_error_and_the_spool_survives(
    endpoint: str, client: S3Client, tmp_path: Path
) -> None:
    data = HEADER + os.urandom(PART)

    async def break_midway(storage: S3Storage) -> None:
        recording = await storage.open()
        client.delete_bucket(Bucket="bucket")
        await recording.append(data)
        async with asyncio.timeout(DEADLINE):
            await fails(recording)
        with pytest.raises(StorageError, match="NoSuchBucket"):
            await recording.finish(complete=True)
        client.create_bucket(Bucket="bucket")
        recording.abandon()

    async def main() -> None:
        async with bucket(endpoint, tmp_path, HASTY, prefix="") as storage:
            await break_midway(storage)
        assert data in files(tmp_path).values()
        async with bucket(endpoint, tmp_path, prefix=""):
            await until(lambda: objects(client))

    asyncio.run(main())
    assert objects(client) == {PATH: data}
    assert not uploads(client)


async def fails(recording: Recording) -> None:
    """Wait until storage failed behind our back."""
    while True:
        try:
            recording.check()
        except StorageError:
            return
        await asyncio.sleep(0.01)


def test_what_a_killed_recorder_spooled_is_sent_by_the_next(
    endpoint: str, client: S3Client, tmp_path: Path
) -> None:
    data = HEADER + os.urandom(PART + 7)

    async def main() -> None:
        async with bucket(endpoint, tmp_path, prefix="") as storage:
            recording = await storage.open()
            await recording.append(data)
            assert recording._sending is not None
            await recording._sending
            assert uploads(client) == [PATH]  # one part is there, and nobody will complete it
            assert not objects(client)
            recording.abandon()
            alive = await storage.open()
            await alive.append(HEADER)
            async with bucket(endpoint, tmp_path, prefix=""):
                await until(lambda: objects(client))
            assert objects(client) == {PATH: data}
            assert await alive.finish(complete=True) == NEXT

    asyncio.run(main())
    assert not uploads(client)
    assert not files(tmp_path)


@pytest.mark.parametrize("size", [10, PART + 1])
def test_a_success_that_was_not_heard_of_is_not_repeated(
    endpoint: str, client: S3Client, tmp_path: Path, size: int
) -> None:
    data = HEADER + bytes(size)

    async def main() -> None:
        async with bucket(endpoint, tmp_path, prefix="") as storage:
            recording = await storage.open()
            await recording.append(data)
            await recording.finish(complete=True)
            # The recorder was killed between its success and the removal of the spool file.
            recording._incoming.path.write_bytes(data)
            await until(lambda: not files(tmp_path))

    asyncio.run(main())
    assert objects(client) == {PATH: data}
    assert not uploads(client)


def test_events_get_keys_of_their_own(endpoint: str, client: S3Client, tmp_path: Path) -> None:
    async def main() -> None:
        async with bucket(endpoint, tmp_path, prefix="") as storage:
            for data in (b"one", b"two"):
                await storage.put(Name("n1", OPENED, ".event.json"), data)

    asyncio.run(main())
    assert sorted(objects(client).values()) == [b"one", b"two"]
