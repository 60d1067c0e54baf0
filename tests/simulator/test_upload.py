"""The HTTP half of the asyncio driver, against recorders made by hand on loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import h2.errors
import h2.settings
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire import AckFrame
from simulator import client_steps as core
from simulator.upload import Upload, split_address
from simulator.upload_v2 import LONGEST_FRAME, AnswerError, AnswerFrames
from tests.simulator.recorder_peer import DEADLINE, Order, Recorder, recorder
from tests.simulator.recorder_peer import Upload as Received


class Told:
    """The core's place: what it was told, in order."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self._changed = asyncio.Event()

    def __call__(self, event: Any) -> None:
        self.events.append(event)
        self._changed.set()

    async def next(self) -> Any:
        async with asyncio.timeout(DEADLINE):
            while not self.events:
                self._changed.clear()
                await self._changed.wait()
        return self.events.pop(0)


class Rig:
    def __init__(self, site: Recorder, **more: Any) -> None:
        self.site = site
        self.told = Told()
        self.upload = Upload(7, self.told, **more)

    async def dialled(self) -> None:
        self.upload.dial(self.site.address)
        assert await self.told.next() == core.Connected(7)

    async def open_v2(self) -> Received:
        await self.dialled()
        self.upload.probe()
        assert await self.told.next() == core.Probed(7, v2=True)
        self.upload.open(v2=True)
        assert await self.told.next() == core.Opened(7)
        return await self.site.upload()

    async def open_v1(self) -> Received:
        await self.dialled()
        self.upload.open(v2=False)
        assert await self.told.next() == core.Opened(7)
        return await self.site.upload()


@asynccontextmanager
async def rig(order: Order | None = None, **more: Any) -> AsyncIterator[Rig]:
    async with recorder(order) as site:
        made = Rig(site, **more)
        try:
            yield made
        finally:
            made.upload.cancel()
            async with asyncio.timeout(DEADLINE):
                await made.upload.gone


def play(scene: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(2 * DEADLINE):
            await scene

    asyncio.run(bounded())


# --- dialling -------------------------------------------------------------------------------------


def test_a_refused_dial_is_told() -> None:
    async def scene() -> None:
        told = Told()
        upload = Upload(1, told)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            upload.dial(f"127.0.0.1:{unused.getsockname()[1]}")
            assert await told.next() == core.DialFailed(1, "connection refused")
        await upload.gone

    play(scene())


@pytest.mark.parametrize("address", ["", "recorder", "10.0.0.1:", "10.0.0.1:0", "1.2.3.4:70000"])
def test_what_is_no_address_fails_the_dial(address: str) -> None:
    async def scene() -> None:
        told = Told()
        upload = Upload(1, told)
        upload.dial(address)
        failed = await told.next()
        assert isinstance(failed, core.DialFailed)
        assert address in failed.why

    play(scene())


def test_an_ipv6_address_is_split() -> None:
    assert split_address("[fd7a::1]:80") == ("fd7a::1", 80)


def test_the_dial_comes_from_the_source_address() -> None:
    async def scene() -> None:
        async with rig(source_addr="127.0.0.9") as r:
            received = await r.open_v2()
            assert received.h2.transport.get_extra_info("peername")[0] == "127.0.0.9"

    play(scene())


def test_a_cancelled_dial_tells_nothing() -> None:
    async def scene() -> None:
        async with recorder() as site:
            told = Told()
            upload = Upload(1, told)
            upload.dial(site.address)
            upload.cancel()
            async with asyncio.timeout(DEADLINE):
                await upload.gone
            assert told.events == []

    play(scene())


# --- probe and choice of version ------------------------------------------------------------------


def test_the_probe_is_a_head_over_http2_with_upstreams_settings() -> None:
    async def scene() -> None:
        async with rig() as r:
            await r.open_v2()
            assert r.site.requests == [("2", "HEAD", "/v2/record"), ("2", "POST", "/v2/record")]
            assert r.site.connections == 1
            codes = h2.settings.SettingCodes
            assert r.site.settings[codes.ENABLE_PUSH] == 0
            assert r.site.settings[codes.INITIAL_WINDOW_SIZE] == 4 << 20
            assert r.site.settings[codes.MAX_FRAME_SIZE] == 1 << 20

    play(scene())


@pytest.mark.parametrize(
    "order",
    [
        Order(v2=False),
        Order(v2=False, close=False),
        Order(probe_status=404),
        Order(probe_status=204),
        Order(probe_status=301),
    ],
)
def test_anything_but_a_200_over_http2_is_no_v2(order: Order) -> None:
    async def scene() -> None:
        async with rig(order) as r:
            await r.dialled()
            r.upload.probe()
            assert await r.told.next() == core.Probed(7, v2=False)

    play(scene())


def test_a_connection_that_breaks_during_the_probe_is_no_v2() -> None:
    async def scene() -> None:
        async with rig(Order(probe_status=None)) as r:
            await r.dialled()
            r.upload.probe()
            await r.site.request("HEAD")
            r.site.transports[0].abort()
            assert await r.told.next() == core.Probed(7, v2=False)

    play(scene())


# --- v2 -------------------------------------------------------------------------------------------


def test_v2_sends_no_body_byte_before_the_200() -> None:
    async def scene() -> None:
        async with rig(Order(post_status=None)) as r:
            await r.dialled()
            r.upload.probe()
            await r.told.next()
            r.upload.open(v2=True)
            received = await r.site.upload()
            r.upload.send(b"too early")
            assert r.told.events == []
            received.h2.accept(received)
            assert await r.told.next() == core.Opened(7)
            r.upload.send(b"now")
            assert await r.told.next() == core.Handed(7)
            r.upload.close_body()
            await received.ended.wait()
            assert bytes(received.body) == b"now"

    play(scene())


@pytest.mark.parametrize("status", [201, 204, 302, 404, 500, 503])
def test_v2_any_other_status_is_a_refusal(status: int) -> None:
    async def scene() -> None:
        async with rig(Order(post_status=status)) as r:
            await r.dialled()
            r.upload.probe()
            await r.told.next()
            r.upload.open(v2=True)
            failed = await r.told.next()
            assert isinstance(failed, core.OpenFailed)
            assert str(status) in failed.why

    play(scene())


def test_v2_a_whole_upload() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            for part in (b"one\n", b"two\n"):
                r.upload.send(part)
                assert await r.told.next() == core.Handed(7)
            r.upload.close_body()
            assert await r.told.next() == core.AckReceived(7, 8)
            assert await r.told.next() == core.AnswerEnded(7)
            assert bytes(received.body) == b"one\ntwo\n"
            assert received.headers["accept-encoding"] == "gzip"

    play(scene())


def test_v2_handed_waits_for_flow_control() -> None:
    async def scene() -> None:
        async with rig(Order(credit=False, finish=False, window=65_535)) as r:
            received = await r.open_v2()
            r.upload.send(b"x" * 70_000)
            await received.until(lambda got: len(got.body) == 65_535)
            received.h2.answer(received, b"{}")
            # The ack came after the recorder took all it could: still nothing is handed over.
            assert await r.told.next() == core.AckReceived(7, 0)
            assert r.told.events == []
            received.h2.give_credit(received)
            assert await r.told.next() == core.Handed(7)
            await received.until(lambda got: len(got.body) == 70_000)

    play(scene())


def test_v2_handed_waits_for_the_kernel() -> None:
    async def scene() -> None:
        big = 64 << 20
        async with rig(Order(window=(1 << 31) - 1, finish=False)) as r:
            received = await r.open_v2()
            received.h2.http.increment_flow_control_window((1 << 31) - 1 - 65_535)
            received.h2.answer(received, b"{}")
            assert await r.told.next() == core.AckReceived(7, 0)
            received.h2.transport.pause_reading()
            r.upload.send(b"x" * big)
            received.h2.answer(received, b'{"ack": 1}')
            assert await r.told.next() == core.AckReceived(7, 1)
            assert r.told.events == []
            received.h2.transport.resume_reading()
            assert await r.told.next() == core.Handed(7)

    play(scene())


def test_v2_the_body_ends_after_what_flow_control_held_back() -> None:
    async def scene() -> None:
        async with rig(Order(credit=False)) as r:
            received = await r.open_v2()
            r.upload.send(b"x" * 70_000)
            r.upload.close_body()
            await received.until(lambda got: len(got.body) == 65_535)
            assert not received.ended.is_set()
            received.h2.give_credit(received)
            async with asyncio.timeout(DEADLINE):
                await received.ended.wait()
            assert len(received.body) == 70_000

    play(scene())


@pytest.mark.parametrize("size", [1, 2, 5])
def test_v2_frames_may_be_cut_anywhere(size: int) -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            answer = b'{"ack":1}{}\n {"ack": 3, "later": {"x": "}"}}{"error":"disk full"}'
            for i in range(0, len(answer), size):
                received.h2.answer(received, answer[i : i + size])
            assert [await r.told.next() for _ in range(4)] == [
                core.AckReceived(7, 1),
                core.AckReceived(7, 0),
                core.AckReceived(7, 3),
                core.ErrorReceived(7, "disk full"),
            ]

    play(scene())


def test_v2_a_compressed_answer_is_read() -> None:
    async def scene() -> None:
        async with rig(Order(post_status=None)) as r:
            await r.dialled()
            r.upload.probe()
            await r.told.next()
            r.upload.open(v2=True)
            received = await r.site.upload()
            received.h2.accept(received, ("content-encoding", "gzip"))
            assert await r.told.next() == core.Opened(7)
            received.h2.answer(received, gzip.compress(b'{"ack": 12}'))
            assert await r.told.next() == core.AckReceived(7, 12)

    play(scene())


@pytest.mark.parametrize("answer", [b"[1]", b'"ok"', b"12", b"{nonsense", b'{"ack": "many"}'])
def test_v2_what_is_no_ack_frame_is_a_loss(answer: bytes) -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            received.h2.answer(received, answer)
            assert isinstance(await r.told.next(), core.UploadLost)

    play(scene())


def test_v2_an_answer_that_ends_inside_a_frame_is_a_loss() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            received.h2.answer(received, b'{"ack": 1', end=True)
            assert isinstance(await r.told.next(), core.UploadLost)

    play(scene())


def test_v2_an_answer_that_ends_is_told() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            received.h2.answer(received, b"", end=True)
            assert await r.told.next() == core.AnswerEnded(7)

    play(scene())


@pytest.mark.parametrize("code", list(h2.errors.ErrorCodes))
def test_v2_a_reset_with_any_code_is_a_loss(code: h2.errors.ErrorCodes) -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            received.h2.reset(received, code)
            lost = await r.told.next()
            assert isinstance(lost, core.UploadLost)
            assert code.name in lost.why

    play(scene())


def test_v2_a_reset_before_the_200_is_a_refusal() -> None:
    async def scene() -> None:
        async with rig(Order(post_status=None)) as r:
            await r.dialled()
            r.upload.probe()
            await r.told.next()
            r.upload.open(v2=True)
            received = await r.site.upload()
            received.h2.reset(received, h2.errors.ErrorCodes.REFUSED_STREAM)
            assert isinstance(await r.told.next(), core.OpenFailed)

    play(scene())


@pytest.mark.parametrize("how", ["fin", "reset", "garbage"])
def test_v2_a_broken_connection_is_a_loss(how: str) -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            transport = received.h2.transport
            if how == "fin":
                transport.close()
            elif how == "reset":
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                sock = transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                transport.abort()
            else:
                transport.write(b"\xff" * 64)
            assert isinstance(await r.told.next(), core.UploadLost)
            assert r.told.events == []

    play(scene())


def test_v2_a_goaway_with_an_error_is_a_loss() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            received.h2.goaway(h2.errors.ErrorCodes.INTERNAL_ERROR, received.stream)
            assert isinstance(await r.told.next(), core.UploadLost)

    play(scene())


def test_v2_a_goaway_that_leaves_our_stream_out_is_a_loss() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            received.h2.goaway(h2.errors.ErrorCodes.NO_ERROR, received.stream - 2)
            assert isinstance(await r.told.next(), core.UploadLost)

    play(scene())


def test_v2_an_upload_outlives_a_graceful_goaway() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            received.h2.goaway(h2.errors.ErrorCodes.NO_ERROR, received.stream)
            received.h2.answer(received, b'{"ack": 5}')
            assert await r.told.next() == core.AckReceived(7, 5)
            r.upload.send(b"more")
            assert await r.told.next() == core.Handed(7)
            r.upload.close_body()
            assert await r.told.next() == core.AckReceived(7, 4)
            assert await r.told.next() == core.AnswerEnded(7)

    play(scene())


def test_nothing_is_told_after_a_cancel() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v2()
            received.h2.answer(received, b'{"ack": 5}')
            r.upload.cancel()
            await r.upload.gone
            assert r.told.events == []

    play(scene())


# --- v1 -------------------------------------------------------------------------------------------


def test_v1_a_whole_upload() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v1()
            assert r.site.requests == [("1.1", "POST", "/record")]
            assert received.headers["expect"] == "100-continue"
            assert received.headers["transfer-encoding"] == "chunked"
            r.upload.send(b"line\n")
            assert await r.told.next() == core.Handed(7)
            r.upload.close_body()
            assert await r.told.next() == core.AnswerEnded(7)
            assert bytes(received.body) == b"line\n"

    play(scene())


@pytest.mark.parametrize("status", [200, 201, 307, 404, 503])
def test_v1_a_final_answer_before_the_100_is_a_refusal(status: int) -> None:
    async def scene() -> None:
        async with rig(Order(post_status=None)) as r:
            await r.dialled()
            r.upload.open(v2=False)
            received = await r.site.upload()
            received.h1.final(status)
            failed = await r.told.next()
            assert isinstance(failed, core.OpenFailed)
            assert str(status) in failed.why

    play(scene())


@pytest.mark.parametrize("status", [201, 404, 500, 503])
def test_v1_a_bad_final_status_is_a_loss(status: int) -> None:
    async def scene() -> None:
        async with rig(Order(final_status=status)) as r:
            await r.open_v1()
            r.upload.close_body()
            assert isinstance(await r.told.next(), core.UploadLost)

    play(scene())


def test_v1_a_200_before_the_bodys_end_ends_the_answer() -> None:
    async def scene() -> None:
        async with rig() as r:
            received = await r.open_v1()
            received.h1.final(200)
            assert await r.told.next() == core.AnswerEnded(7)

    play(scene())


@pytest.mark.parametrize("accepted", [True, False])
def test_v1_a_connection_that_breaks(accepted: bool) -> None:
    async def scene() -> None:
        async with rig(Order(post_status=200 if accepted else None)) as r:
            if accepted:
                await r.open_v1()
            else:
                await r.dialled()
                r.upload.open(v2=False)
                await r.site.upload()
            r.site.transports[0].abort()
            kind = core.UploadLost if accepted else core.OpenFailed
            assert isinstance(await r.told.next(), kind)
            assert r.told.events == []

    play(scene())


def test_v1_handed_waits_for_the_kernel() -> None:
    async def scene() -> None:
        async with rig(Order(finish=False)) as r:
            received = await r.open_v1()
            received.h1.transport.pause_reading()
            r.upload.send(b"x" * (64 << 20))
            # A round through the loop and back: the kernel is full by now.
            for _ in range(10):
                await asyncio.sleep(0)
            assert r.told.events == []
            received.h1.transport.resume_reading()
            assert await r.told.next() == core.Handed(7)

    play(scene())


def test_output_is_not_handed_over_to_a_connection_that_just_broke() -> None:
    """The kernel knows of the reset and refuses the write, before the loop hears of either."""

    async def scene() -> None:
        loop, told = asyncio.get_running_loop(), Told()
        with socket.create_server(("127.0.0.1", 0)) as server:
            upload = Upload(7, told)
            upload.dial("{}:{}".format(*server.getsockname()))
            assert await told.next() == core.Connected(7)
            recorder, _ = server.accept()
            upload.open(v2=False)
            recorder.setblocking(False)
            await loop.sock_recv(recorder, 1 << 16)
            await loop.sock_sendall(recorder, b"HTTP/1.1 100 Continue\r\n\r\n")
            assert await told.next() == core.Opened(7)
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            recorder.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            recorder.close()
            upload.send(b"header\n")
            assert told.events == []
            assert isinstance(await told.next(), core.UploadLost)
            upload.cancel()
            async with asyncio.timeout(DEADLINE):
                await upload.gone
            assert told.events == []

    play(scene())


# --- the answer's frames --------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1 << 62),
            st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=2),
            st.sampled_from(["", " ", "\n", "\r\n\t"]),
        ),
        max_size=6,
    ),
    st.integers(1, 7),
)
def test_frames_come_out_as_they_went_in(
    frames: list[tuple[int, dict[str, str], str]], size: int
) -> None:
    data = b""
    for number, unknown, between in frames:
        other = {f"x-{key}": value for key, value in unknown.items()}
        data += json.dumps({"ack": number, **other}).encode() + between.encode()
    parser = AnswerFrames()
    out: list[AckFrame] = []
    for i in range(0, len(data), size):
        out += parser.feed(data[i : i + size])
    parser.finish()
    assert [frame.ack for frame in out] == [number for number, _, _ in frames]


def test_a_frame_without_an_end_is_not_kept_for_ever() -> None:
    parser = AnswerFrames()
    with pytest.raises(AnswerError):
        list(parser.feed(b'{"error": "' + b"x" * LONGEST_FRAME))
