"""What one HTTP/2 connection may cost, seen by clients that ask for more."""

from __future__ import annotations

import asyncio

import h2.errors
import h2.events
import pytest

from conformance import http2_offences as bad
from fixtures.peers.http2 import PREFACE
from simulator.serving_limits import RESETS, RESETS_PER_S, Bounded, Resets, TooManyResets
from tests.simulator.peer import H2Peer, Raw
from tests.simulator.test_serving import echo, live

SETTINGS = bad.frame(bad.SETTINGS, 0, 0)
REQUEST = bad.block(((":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", "/")))


def resets(count: int) -> bytes:
    return b"".join(
        bad.frame(bad.HEADERS, bad.END_HEADERS, stream, REQUEST)
        + bad.frame(bad.RST_STREAM, 0, stream, bad.number(8))
        for stream in range(1, 2 * count + 1, 2)
    )


def goaway(code: h2.errors.ErrorCodes) -> bytes:
    """Return the end of a GOAWAY with an error code."""
    return bad.number(code)


def test_streams_that_are_reset_in_a_row_end_their_connection_and_no_other() -> None:
    async def main() -> None:
        async with live(echo) as address:
            neighbour = await H2Peer.connect(address)
            client = await Raw.connect(address)
            client.say(PREFACE + SETTINGS + resets(2 * RESETS))
            assert (await client.rest()).endswith(goaway(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM))
            stream = neighbour.request("POST", "/")
            await neighbour.send(stream, b"still here", end=True)
            await neighbour.until(lambda: neighbour.answers[stream].ended)
            assert neighbour.answers[stream].body == b"still here"
            await neighbour.close()
            await client.close()

    asyncio.run(main())


def test_as_many_resets_as_a_client_may_have_a_use_for_are_nothing() -> None:
    async def main() -> None:
        async with live(echo) as address:
            client = await Raw.connect(address)
            ping = bad.frame(bad.PING, 0, 0, b"recspec1")
            client.say(PREFACE + SETTINGS + resets(RESETS) + ping)
            await client.until(b"recspec1")
            await client.close()

    asyncio.run(main())


def test_resets_are_forgotten_as_time_passes() -> None:
    now = 0.0
    counted = Resets(lambda: now)
    for _ in range(RESETS):
        counted.add()
    now = 1.0
    for _ in range(RESETS_PER_S):
        counted.add()
    with pytest.raises(TooManyResets):
        counted.add()


@pytest.mark.parametrize(
    "first",
    [
        bad.frame(bad.HEADERS, bad.END_HEADERS | bad.END_STREAM, 1, REQUEST),
        bad.frame(bad.SETTINGS, bad.ACK, 0),
        bad.frame(bad.PING, 0, 0, b"recspec1"),
    ],
    ids=["HEADERS", "ACK", "PING"],
)
def test_the_first_frame_of_a_client_is_settings(first: bytes) -> None:
    async def main() -> None:
        async with live(echo) as address:
            client = await Raw.connect(address)
            client.say(PREFACE + first)
            assert (await client.rest()).endswith(goaway(h2.errors.ErrorCodes.PROTOCOL_ERROR))
            await client.close()

    asyncio.run(main())


def test_settings_that_nobody_knows_are_not_kept() -> None:
    state = Bounded(config=h2.config.H2Configuration(client_side=False))
    state.initiate_connection()
    state.receive_data(PREFACE + SETTINGS)
    before = len(state.remote_settings)
    many = b"".join(bad.setting(key, 1) for key in range(2_048, 4_096))
    events = state.receive_data(bad.frame(bad.SETTINGS, 0, 0, bad.setting(4, 70_000) + many))
    assert state.remote_settings.initial_window_size == 70_000
    assert len(state.remote_settings) == before
    assert any(isinstance(event, h2.events.RemoteSettingsChanged) for event in events)
