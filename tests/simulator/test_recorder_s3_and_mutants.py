"""The recorder before S3, and the recorder's mutants: each shows its defect at the wire."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from conformance.history import UploadFailed, UploadStored
from simulator.overlay import mutant_named, mutants, overlay_named
from simulator.storage.s3 import s3_client
from tests.simulator.live_recorder import HEADER, V1_HEAD, Live, casts, frames, live, record_v2
from tests.simulator.peer import H2Peer, Raw

# --- S3 -------------------------------------------------------------------------------------------


def test_s3_stores_fails_in_words_and_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    client = s3_client(endpoint)
    client.create_bucket(Bucket="sessions")

    async def main() -> Live:
        async with live("s3://sessions/p", s3_endpoint=endpoint, spool=str(tmp_path)) as recorder:
            peer = await H2Peer.connect(recorder.address)
            stream = await record_v2(peer, HEADER)
            assert frames(peer.answers[stream].body)[-1] == {"ack": len(HEADER)}
            (entry,) = client.list_objects_v2(Bucket="sessions")["Contents"]
            assert entry["Key"].startswith("p/n1/2020-09-13T12:26:40.")
            lost = peer.request("POST", "/v2/record")
            await peer.until(lambda: peer.answers[lost].status == 200)
            client.delete_object(Bucket="sessions", Key=entry["Key"])
            client.delete_bucket(Bucket="sessions")
            await peer.send(lost, HEADER, end=True)
            await peer.until(lambda: peer.answers[lost].ended)
            assert "NoSuchBucket" in str(frames(peer.answers[lost].body)[-1]["error"])
            refused = peer.request("POST", "/v2/record")
            await peer.until(lambda: peer.answers[refused].status)
            assert peer.answers[refused].status == 503
            await peer.close()
            v1 = await Raw.connect(recorder.address)
            v1.say(V1_HEAD)
            assert (await v1.head()).startswith(b"HTTP/1.1 503 ")
            await v1.close()
        return recorder

    recorder = asyncio.run(main())
    client.close()
    server.stop()
    assert len(recorder.of(UploadStored)) == len(recorder.of(UploadFailed)) == 1
    (spooled,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert spooled.read_bytes() == HEADER


# --- mutants --------------------------------------------------------------------------------------


def test_the_mutant_that_drops_the_last_line(tmp_path: Path) -> None:
    async def main() -> None:
        overlay = overlay_named("recorder-drops-last-line")
        async with live(tmp_path, overlay=overlay) as recorder:
            peer = await H2Peer.connect(recorder.address)
            stream = await record_v2(peer, HEADER + b"[1]\n[2]\n[3]\n")
            assert frames(peer.answers[stream].body)[-1] == {"ack": len(HEADER) + 12}
            await peer.close()

    asyncio.run(main())
    assert casts(tmp_path)[0].read_bytes() == HEADER + b"[1]\n[2]\n"


def test_the_mutant_that_stops_acks_when_idle(tmp_path: Path) -> None:
    async def main() -> None:
        overlay = overlay_named("recorder-stops-acks-when-idle")
        async with live(tmp_path, overlay=overlay) as recorder:
            peer = await H2Peer.connect(recorder.address)
            idle, busy = (peer.request("POST", "/v2/record") for _ in range(2))
            await peer.send(idle, HEADER)
            await peer.until(lambda: peer.answers[idle].body)
            for _ in range(5):  # five turns of the cadence, told by the acks of a busy sibling
                seen = len(peer.answers[busy].body)
                await peer.send(busy, HEADER)
                await peer.until(lambda seen=seen: len(peer.answers[busy].body) > seen)  # type: ignore[misc]
            assert frames(peer.answers[idle].body) == [{"ack": len(HEADER)}]
            await peer.close()

    asyncio.run(main())


def test_the_mutant_that_mixes_recordings(tmp_path: Path) -> None:
    async def main() -> None:
        overlay = overlay_named("recorder-mixes-recordings")
        async with live(tmp_path, overlay=overlay) as recorder:
            peer = await H2Peer.connect(recorder.address)
            streams = [peer.request("POST", "/v2/record") for _ in range(2)]
            for s in streams:
                await peer.send(s, HEADER)
            for s in streams:
                total = len(HEADER)
                await peer.until(lambda s=s, n=total: b":%d}" % n in peer.answers[s].body)  # type: ignore[misc]
            for s in streams:
                await peer.send(s, b"[%d]\n" % s)
            for s in streams:
                total = len(HEADER) + 4
                await peer.until(lambda s=s, n=total: b":%d}" % n in peer.answers[s].body)  # type: ignore[misc]
            for s in streams:
                await peer.send(s, b"", end=True)
                await peer.until(lambda s=s: peer.answers[s].ended)  # type: ignore[misc]
            await peer.close()

    asyncio.run(main())
    assert [p.read_bytes() for p in casts(tmp_path)] == [HEADER + b"[3]\n", HEADER + b"[1]\n"]


def test_a_mutant_is_found_by_its_name_alone() -> None:
    for name, mutant in mutants().items():
        assert mutant_named(name) is mutant
    with pytest.raises(KeyError, match="no-such-mutant"):
        mutant_named("no-such-mutant")
