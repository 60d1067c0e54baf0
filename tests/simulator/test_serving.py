"""What the server promises at the socket, seen by clients that speak bytes and frames."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import hpack
import pytest
from hyperframe.frame import DataFrame, GoAwayFrame, HeadersFrame, SettingsFrame

from simulator.serving import serve
from simulator.serving_protocols import ASGI, STREAM_WINDOW, Message, Receive, Scope, Send
from tests.simulator.peer import DEADLINE, H2Peer, Raw, serving


def live(app: ASGI, *, http2: bool = True) -> AbstractAsyncContextManager[str]:
    def start(stop: asyncio.Event, listening: Callable[[str], None]) -> Awaitable[None]:
        return serve(app, "127.0.0.1", 0, stop=stop, listening=listening, http2=http2)

    return serving(start)


async def answer(send: Send, status: int, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive: Receive) -> bytes:
    body = bytearray()
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    return bytes(body)


async def echo(_: Scope, receive: Receive, send: Send) -> None:
    await answer(send, 200, await body_of(receive))


class Doors:
    """An app that does what its path says, and waits where a test holds a door shut."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.seen: list[str] = []
        self.gone = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope["path"])
        match scope["path"]:
            case "/refuse":
                await answer(send, 503)
            case "/stall":
                await self.open.wait()
                await answer(send, 200, b"%d" % len(await body_of(receive)))
            case "/chatter":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                while not self.open.is_set():
                    await send({"type": "http.response.body", "body": bytes(4096), "more_body": 1})
                await send({"type": "http.response.body", "body": b""})
            case "/early":
                await receive()
                await answer(send, 507, b"full")
            case "/break":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"half", "more_body": True})
                raise RuntimeError("this app breaks to order")
            case "/headers":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await body_of(receive)
                await send({"type": "http.response.body", "body": b"whole"})
            case "/gone":
                while (await receive())["type"] != "http.disconnect":
                    pass
                self.gone.set()
            case _:
                await echo(scope, receive, send)


EXPECTING = b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"


def test_the_interim_100_comes_when_the_app_asks_for_the_body() -> None:
    async def main() -> None:
        doors = Doors()
        async with live(doors) as address:
            client = await Raw.connect(address)
            client.say(EXPECTING % (b"/", 5))
            assert (await client.head()).startswith(b"HTTP/1.1 100 ")
            client.say(b"hello")
            assert (await client.head()).startswith(b"HTTP/1.1 200 ")
            assert await client.until(b"hello")
            await client.close()

    asyncio.run(main())


def test_an_app_that_refuses_sends_no_interim_100() -> None:
    async def main() -> None:
        async with live(Doors()) as address:
            client = await Raw.connect(address)
            client.say(EXPECTING % (b"/refuse", 5))
            head = await client.head()
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"connection: close" in head.lower()
            await client.rest()
            await client.close()

    asyncio.run(main())


def test_an_early_http1_answer_survives_a_client_that_goes_on_writing() -> None:
    async def main() -> None:
        async with live(Doors()) as address:
            client = await Raw.connect(address)
            size = 8 << 20
            client.say(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
            client.say(bytes(size // 2))
            assert (await client.head()).startswith(b"HTTP/1.1 507 ")
            assert b"full" in await client.rest()
            await client.close()

    asyncio.run(main())


def test_http1_connections_are_used_again() -> None:
    async def main() -> None:
        async with live(echo) as address:
            client = await Raw.connect(address)
            for word in (b"one", b"two"):
                client.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n" + word)
                assert (await client.head()).startswith(b"HTTP/1.1 200 ")
                assert await client.until(word)
                await client.until(b"0\r\n\r\n")
            await client.close()

    asyncio.run(main())


def test_http1_body_is_not_read_far_ahead_of_the_app() -> None:
    async def main() -> None:
        doors = Doors()
        async with live(doors) as address:
            client = await Raw.connect(address)
            size = 64 << 20
            client.say(b"POST /stall HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
            client.say(bytes(size))
            # Time enough for all of it, if anybody took it: but the client's buffer stays full.
            for _ in range(200):
                other = await Raw.connect(address)
                other.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await other.head()
                await other.close()
            assert client.writer.transport.get_write_buffer_size() > size // 2
            doors.open.set()
            assert (await client.head()).startswith(b"HTTP/1.1 200 ")
            assert await client.until(b"%d" % size)
            await client.close()

    asyncio.run(main())


def test_http2_headers_go_out_before_any_body_byte_arrives() -> None:
    async def main() -> None:
        async with live(Doors()) as address:
            peer = await H2Peer.connect(address)
            stream = peer.request("POST", "/headers")
            await peer.until(lambda: peer.answers[stream].status == 200)
            await peer.send(stream, b"body", end=True)
            await peer.until(lambda: peer.answers[stream].ended)
            assert peer.answers[stream].body == b"whole"
            await peer.close()

    asyncio.run(main())


def test_an_early_http2_answer_ends_only_its_own_stream() -> None:
    async def main() -> None:
        async with live(Doors()) as address:
            peer = await H2Peer.connect(address)
            sibling, early = peer.request("POST", "/"), peer.request("POST", "/early")
            await peer.send(early, b"more to come")
            await peer.until(lambda: peer.answers[early].reset is not None)
            assert peer.answers[early].ended
            assert peer.answers[early].status == 507
            assert peer.answers[early].body == b"full"
            assert peer.answers[early].reset == 0  # NO_ERROR
            await peer.send(sibling, b"still here", end=True)
            await peer.until(lambda: peer.answers[sibling].ended)
            assert peer.answers[sibling].body == b"still here"
            assert peer.goaway is None
            await peer.close()

    asyncio.run(main())


def test_data_in_flight_to_an_ended_stream_hurts_no_sibling() -> None:
    async def main() -> None:
        async with live(Doors()) as address:
            peer = await H2Peer.connect(address)
            # Both in one packet: the app answers before it can know of the data behind the head.
            early, sibling = peer.request("POST", "/refuse"), peer.request("POST", "/")
            for _ in range(8):
                peer.h2.send_data(early, bytes(8000))
            await peer.until(lambda: peer.answers[early].ended)
            await peer.send(sibling, b"still here", end=True)
            await peer.until(lambda: peer.answers[sibling].ended)
            assert peer.answers[sibling].body == b"still here"
            assert peer.goaway is None
            await peer.close()

    asyncio.run(main())


def test_a_path_of_any_bytes_reaches_the_app() -> None:
    async def main() -> None:
        doors = Doors()
        async with live(doors) as address:
            peer = await H2Peer.connect(address)
            stream = peer.request("GET", "/caf\u00e9/%20?a=b", end=True)
            await peer.until(lambda: peer.answers[stream].ended)
            assert doors.seen == ["/caf\u00e9/ "]
            await peer.close()

    asyncio.run(main())


def test_an_app_that_breaks_resets_its_stream() -> None:
    async def main() -> None:
        async with live(Doors()) as address:
            peer = await H2Peer.connect(address)
            stream = peer.request("POST", "/break")
            await peer.until(lambda: peer.answers[stream].reset is not None)
            assert not peer.answers[stream].ended
            assert peer.answers[stream].reset == 2  # INTERNAL_ERROR
            await peer.close()

    asyncio.run(main())


def test_an_app_that_does_not_read_stalls_only_its_own_stream() -> None:
    async def main() -> None:
        doors = Doors()
        async with live(doors) as address:
            peer = await H2Peer.connect(address)
            size = 3 * STREAM_WINDOW
            stalled = [peer.request("POST", "/stall") for _ in range(20)]
            senders = [asyncio.create_task(peer.send(s, bytes(size), end=True)) for s in stalled]
            await peer.until(lambda: all(peer.room(s) == 0 for s in stalled))
            sibling = peer.request("POST", "/")
            await peer.send(sibling, bytes(size), end=True)
            await peer.until(lambda: peer.answers[sibling].ended)
            assert len(peer.answers[sibling].body) == size
            assert all(peer.room(s) == 0 for s in stalled)
            doors.open.set()
            await peer.until(lambda: all(peer.answers[s].ended for s in stalled))
            assert all(peer.answers[s].body == b"%d" % size for s in stalled)
            await asyncio.gather(*senders)
            await peer.close()

    asyncio.run(main())


def test_a_client_that_does_not_read_one_answer_stalls_only_that_stream() -> None:
    async def main() -> None:
        doors = Doors()
        async with live(doors) as address:
            peer = await H2Peer.connect(address, window=20_000)
            chatter = peer.request("POST", "/chatter")
            peer.unread.add(chatter)
            await peer.until(lambda: len(peer.answers[chatter].body) == 20_000)
            sibling = peer.request("POST", "/")
            await peer.send(sibling, bytes(100_000), end=True)
            await peer.until(lambda: peer.answers[sibling].ended)
            assert len(peer.answers[sibling].body) == 100_000
            doors.open.set()
            peer.make_room(chatter, 20_000)
            await peer.until(lambda: peer.answers[chatter].ended)
            await peer.close()

    asyncio.run(main())


def test_a_stalled_answer_does_not_outlive_its_connection() -> None:
    async def main() -> None:
        doors = Doors()
        async with live(doors) as address:
            peer = await H2Peer.connect(address, window=1000)
            chatter = peer.request("POST", "/chatter")
            peer.unread.add(chatter)
            await peer.until(lambda: len(peer.answers[chatter].body) == 1000)
            await peer.close()
            doors.open.set()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others

    asyncio.run(main())


def test_a_client_that_resets_or_leaves_is_seen_as_gone() -> None:
    async def main() -> None:
        doors = Doors()
        async with live(doors) as address:
            peer = await H2Peer.connect(address)
            stream = peer.request("POST", "/gone")
            await peer.send(stream, b"x")
            peer.cancel(stream)
            async with asyncio.timeout(DEADLINE):
                await doors.gone.wait()
            doors.gone.clear()
            raw = await Raw.connect(address)
            raw.say(b"POST /gone HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")
            await raw.close()
            async with asyncio.timeout(DEADLINE):
                await doors.gone.wait()
            await peer.close()

    asyncio.run(main())


def test_a_clients_goaway_lets_its_streams_go_on() -> None:
    async def main() -> None:
        async with live(echo) as address:
            client = await Raw.connect(address)
            head = [(":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", "/")]
            opened = HeadersFrame(1, hpack.Encoder().encode(head), flags=["END_HEADERS"])
            client.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize())
            client.say(opened.serialize() + GoAwayFrame(0, last_stream_id=0).serialize())
            client.say(DataFrame(1, b"after it", flags=["END_STREAM"]).serialize())
            assert (await client.until(b"after it")).count(b"after it") == 1
            client.say(GoAwayFrame(0, last_stream_id=0, error_code=1).serialize())
            await client.rest()
            await client.close()

    asyncio.run(main())


def test_a_server_without_http2_meets_the_preface_with_505() -> None:
    async def main() -> None:
        async with live(echo, http2=False) as address:
            client = await Raw.connect(address)
            client.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
            assert (await client.rest()).startswith(b"HTTP/1.1 505 ")
            await client.close()

    asyncio.run(main())


def test_offers_to_upgrade_are_ignored() -> None:
    async def main() -> None:
        async with live(echo) as address:
            for protocol in (b"h2c", b"websocket"):
                client = await Raw.connect(address)
                client.say(
                    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                    b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nUpgrade: %s\r\n\r\n" % protocol
                )
                assert (await client.head()).startswith(b"HTTP/1.1 200 ")
                await client.close()

    asyncio.run(main())


def test_garbage_is_answered_and_harms_nobody() -> None:
    async def main() -> None:
        async with live(echo) as address:
            client = await Raw.connect(address)
            client.say(b"\x16\x03\x01\x00\x00nonsense\r\n\r\n")
            assert (await client.rest()).startswith(b"HTTP/1.1 400 ")
            await client.close()
            client = await Raw.connect(address)
            settings, data_on_idle = bytes([0, 0, 0, 4, *bytes(5)]), bytes([0, 0, 1, *bytes(6), 65])
            client.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + data_on_idle)
            assert await client.rest()
            await client.close()
            peer = await H2Peer.connect(address)
            stream = peer.request("GET", "/", end=True)
            await peer.until(lambda: peer.answers[stream].ended)
            await peer.close()

    asyncio.run(main())


def test_stopping_ends_live_connections_and_tells_their_apps() -> None:
    async def main() -> None:
        told: list[Message] = []

        async def app(_: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            told.append(await receive())

        stop = asyncio.Event()
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(
            serve(app, "127.0.0.1", 0, stop=stop, listening=address.set_result)
        )
        idle = await Raw.connect(await address)
        idle.say(b"GET ")
        peer = await H2Peer.connect(await address)
        stream = peer.request("POST", "/")
        await peer.until(lambda: peer.answers[stream].status == 200)
        stop.set()
        await peer.until(lambda: peer.closed)
        async with asyncio.timeout(DEADLINE):
            await task
        assert [message["type"] for message in told] == ["http.disconnect"]
        assert not peer.answers[stream].ended
        assert peer.goaway == 0
        await peer.close()
        await idle.close()

    asyncio.run(main())


def test_stopping_does_not_wait_for_an_app_that_hangs() -> None:
    async def main() -> None:
        cancelled = asyncio.Event()

        async def app(_: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        async with live(app) as address:
            peer = await H2Peer.connect(address)
            stream = peer.request("POST", "/")
            await peer.until(lambda: peer.answers[stream].status == 200)
        assert cancelled.is_set()
        await peer.close()

    asyncio.run(main())


def test_an_address_that_is_taken_is_an_error() -> None:
    async def main() -> None:
        async with live(echo) as address:
            port = int(address.rpartition(":")[2])
            again = partial(serve, echo, "127.0.0.1", port, stop=asyncio.Event())
            with pytest.raises(OSError, match="in use"):
                await again(listening=lambda _: None)

    asyncio.run(main())


HEAD = b"POST / HTTP/1.1\r\n"
LAST_CHUNK = b"0\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        HEAD + b"Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD.replace(b"1.1", b"1.0") + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Host: a b\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Host: a@b\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Host: [::1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_request_with_two_ends_or_a_wrong_host_is_the_last(head: bytes) -> None:
    async def main() -> None:
        doors = Doors()
        async with live(doors) as address:
            client = await Raw.connect(address)
            behind = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            client.say(head + LAST_CHUNK + behind)
            answers = await client.rest()
            assert answers.startswith(b"HTTP/1.1 400 ")
            assert answers.count(b"HTTP/1.1 ") == 1
            assert not doors.seen
            await client.close()

    asyncio.run(main())


@pytest.mark.parametrize("host", ["", "a", "a:80", "a:", "127.0.0.1:8080", "[fe80::1%25eth0]:80"])
def test_any_valid_host_will_do(host: str) -> None:
    async def main() -> None:
        async with live(echo) as address:
            client = await Raw.connect(address)
            client.say(HEAD + f"Host: {host}\r\nContent-Length: 0\r\n\r\n".encode())
            assert (await client.head()).startswith(b"HTTP/1.1 200 ")
            await client.close()

    asyncio.run(main())
