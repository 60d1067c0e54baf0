"""The network's model: order, lateness, what is held, what is lost, and who has to wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.history import Disconnected, Event, Handed, Log
from simulator.virtual.clock import Clock, Dice, nanoseconds
from simulator.virtual.link import ROOM, Link, Tap
from simulator.virtual.messages import Body, BodyEnd, Fin, Head, Message, Rst
from simulator.virtual.network import RETRANSMISSION, Lane, Quality, Route

MS = 1_000_000
STEADY = Quality(latency=MS, jitter=0)


class Rig:
    """One route, and a clock to run."""

    def __init__(self, quality: Quality = STEADY) -> None:
        self.clock = Clock()
        self.route = Route(self.clock, Dice("rig"), quality)
        self.came: list[tuple[int, object]] = []

    def come(self, what: object) -> Callable[[], None]:
        return lambda: self.came.append((self.clock.now(), what))

    def run(self, until: int = 10**12) -> list[tuple[int, object]]:
        self.clock.env.run(until=until)
        return self.came


def test_what_is_sent_arrives_in_order_and_late() -> None:
    rig = Rig(Quality(latency=MS, jitter=5 * MS))
    lane = Lane(rig.route)
    for number in range(50):
        lane.put(rig.come(number))
    came = rig.run()
    assert [what for _, what in came] == list(range(50))
    assert all(MS <= at <= 6 * MS for at, _ in came)


def test_bandwidth_is_shared_by_what_is_under_way() -> None:
    rig = Rig()
    rig.route.rate = 1000
    lane = Lane(rig.route)
    for number in range(3):
        lane.put(rig.come(number), 500)
    assert [at for at, _ in rig.run()] == [MS + (n + 1) * 500 * MS for n in range(3)]


def test_a_lost_packet_comes_late_and_holds_up_those_behind_it() -> None:
    rig = Rig(Quality(latency=MS, jitter=0, loss=300_000))
    lane = Lane(rig.route)
    for number in range(30):
        lane.put(rig.come(number))
    came = rig.run()
    assert [what for _, what in came] == list(range(30))
    assert came[-1][0] >= RETRANSMISSION + MS


@pytest.mark.parametrize("outward", [True, False])
def test_what_is_held_comes_when_it_may(outward: bool) -> None:
    rig = Rig()
    lane = Lane(rig.route, outward=outward)
    rig.route.hold(outward=outward, inward=not outward)
    lane.put(rig.come("data"))
    lane.put_end(rig.come("end"))
    assert not rig.run(until=100 * MS)
    rig.route.hold(outward=False, inward=False)
    lane.release()
    assert [what for _, what in rig.run(until=200 * MS)] == ["data", "end"]


def test_an_end_passes_a_way_on_which_nothing_waits() -> None:
    rig = Rig()
    rig.route.hold(outward=True, inward=True)
    Lane(rig.route).put_end(rig.come("end"))
    assert rig.run(until=100 * MS) == [(MS, "end")]


def test_what_is_under_way_is_lost_when_the_way_breaks() -> None:
    rig = Rig()
    lane = Lane(rig.route)
    lane.put(rig.come("data"))
    lane.break_off()
    assert not rig.run()


# --- links


class Client:
    def __init__(self) -> None:
        self.got: list[Message] = []
        self.rooms = 0

    def received(self, message: Message) -> None:
        self.got.append(message)

    def room_made(self) -> None:
        self.rooms += 1


class Server:
    def __init__(self) -> None:
        self.got: list[Message] = []
        self.reads = True

    def received(self, link: Link, message: Message) -> None:
        self.got.append(message)
        if isinstance(message, Body) and self.reads:
            link.read(len(message.data))


class Pair(Rig):
    """A link with both its ends."""

    def __init__(self) -> None:
        super().__init__()
        self.client, self.server = Client(), Server()
        self.events: list[Event] = []
        logs = [Log(name, self.clock.now, self.events.append) for name in ("user", "network")]
        self.link = Link(self.route, Tap("rec1", *logs), "rec1#0", self.client, self.server)

    def handed(self) -> int:
        return sum(len(e.what.data) for e in self.events if isinstance(e.what, Handed))


def test_nothing_is_seen_before_the_connection_is_accepted() -> None:
    pair = Pair()
    pair.link.send(Head(1, "HEAD", "/v2/record", "2"))
    pair.run(until=10 * MS)
    assert not pair.events
    assert not pair.server.got
    pair.link.accept("peer")
    pair.run(until=20 * MS)
    assert [type(message) for message in pair.server.got] == [Head]
    assert pair.link.http == "2"


def test_a_sender_waits_when_nobody_reads_and_goes_on_then() -> None:
    pair = Pair()
    pair.link.accept("peer")
    pair.server.reads = False
    for _ in range(20):
        pair.link.send(Body(1, bytes(ROOM // 4)))
    pair.link.send(BodyEnd(1))
    pair.run(until=10 * MS)
    waits = pair.link.all_out
    assert not waits
    assert pair.handed() == 5 * (ROOM // 4)
    pair.server.reads = True
    pair.link.read(pair.handed())
    pair.run(until=100 * MS)
    assert pair.link.all_out
    assert pair.client.rooms == 1
    assert pair.handed() == 5 * ROOM
    assert isinstance(pair.server.got[-1], BodyEnd)


def test_a_client_that_leaves_is_told_nothing_more() -> None:
    pair = Pair()
    pair.link.accept("peer")
    pair.link.leave()
    pair.link.answer(Body(1, b"late"))
    pair.link.answer(Fin())
    pair.run(until=10 * MS)
    assert not pair.client.got
    assert isinstance(pair.server.got[-1], Fin)
    ended = [e.what.by for e in pair.events if isinstance(e.what, Disconnected)]
    assert ended == ["client", "recorder"]
    assert not pair.route.links


@pytest.mark.parametrize("how", [Fin(), Rst()])
def test_a_cut_ends_it_for_both_sides_at_once(how: Message) -> None:
    pair = Pair()
    pair.link.accept("peer")
    pair.link.send(Body(1, b"under way"))
    pair.route.cut(how)
    pair.run(until=10 * MS)
    assert pair.client.got == [how]
    assert pair.server.got == [Fin()]


def test_slices_hold_the_same_bytes() -> None:
    pair = Pair()
    pair.route.slice = 3
    pair.link.accept("peer")
    pair.link.send(Body(1, b"0123456789"))
    pair.run(until=10 * MS)
    pieces = [message.data for message in pair.server.got if isinstance(message, Body)]
    assert pieces == [b"012", b"345", b"678", b"9"]
    assert pair.handed() == 10


# --- chance and time


def test_dice_draw_every_number_and_no_other() -> None:
    dice = Dice("seed")
    assert {dice.between(3, 7) for _ in range(500)} == {3, 4, 5, 6, 7}
    assert dice.below(1) == 0
    assert len(dice.hex(10)) == 10
    assert len(dice.bytes(100)) == 100
    assert dice.bytes(0) == b""


def test_dice_of_one_seed_agree() -> None:
    one, other = Dice("a"), Dice("a")
    assert [one.below(1000) for _ in range(9)] == [other.below(1000) for _ in range(9)]
    assert Dice("a").bytes(16) != Dice("b").bytes(16)


@pytest.mark.parametrize(("seconds", "expected"), [(0.3, 300 * MS), (12, 12_000 * MS), (1e-9, 1)])
def test_seconds_of_a_file_are_whole_nanoseconds(seconds: float, expected: int) -> None:
    assert nanoseconds(seconds) == expected


def test_what_is_cancelled_is_not_done() -> None:
    rig = Rig()
    rig.clock.later(5, rig.come("kept"))
    rig.clock.later(4, rig.come("dropped")).cancel()
    assert rig.run(until=10) == [(5, "kept")]
