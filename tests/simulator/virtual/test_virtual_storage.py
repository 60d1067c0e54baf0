"""Storage in virtual time: names, what stays of what broke off, and what waits for its bucket."""

from __future__ import annotations

import pytest

from conformance.wire import SECOND, Timers
from simulator.storage import StorageError
from simulator.virtual.clock import Clock, Dice, Steps
from simulator.virtual.network import Quality, Route
from simulator.virtual.storage import CALL_TIMEOUT, Bucket, Disk, Kept

HEADER = b'{"version":2,"timestamp":1767225600,"srcNodeID":"nX1CNTRL"}\n'
NOW = 1_767_225_600 * SECOND + 123


class Rig:
    """A disk and a bucket."""

    def __init__(self) -> None:
        self.clock = Clock()
        dice = Dice("storage")
        self.route = Route(self.clock, dice, Quality())
        self.disk = Disk(self.clock, dice)
        self.bucket = Bucket(self.clock, dice, self.route, Timers())

    def do(self, steps: Steps) -> object:
        """Run it to its end, and return what it returns."""
        done = self.clock.run(steps)
        self.clock.env.run(until=done)
        return done.value

    def kept(self, store: Disk | Bucket, data: bytes = HEADER) -> Kept:
        kept = self.do(store.open(NOW))
        assert isinstance(kept, Kept)
        kept.append(data)
        return kept


def test_a_recording_lies_on_the_disk_as_soon_as_its_header_is_whole() -> None:
    rig = Rig()
    kept = rig.kept(rig.disk, HEADER[:10])
    assert not rig.disk.held
    kept.append(HEADER[10:])
    assert list(rig.disk.held) == ["nX1CNTRL/2026-01-01T00:00:00.000000123Z.cast"]
    kept.append(b"more")
    assert rig.do(kept.finish(complete=True)) == next(iter(rig.disk.held))
    assert bytes(next(iter(rig.disk.held.values()))) == HEADER + b"more"


@pytest.mark.parametrize("kind", ["disk", "bucket"])
def test_two_recordings_of_one_moment_are_two(kind: str) -> None:
    rig = Rig()
    store = rig.disk if kind == "disk" else rig.bucket
    for kept in (rig.kept(store), rig.kept(store)):
        rig.do(kept.finish(complete=True))
    assert len(store.held) == 2


def test_what_breaks_off_before_its_header_is_kept_after_a_start() -> None:
    rig = Rig()
    rig.kept(rig.disk, HEADER[:10])
    rig.kept(rig.disk, b"")
    rig.disk.recover()
    assert [bytes(data) for data in rig.disk.held.values()] == [HEADER[:10]]


def test_nothing_leaves_nothing() -> None:
    rig = Rig()
    kept = rig.kept(rig.disk, b"")
    assert rig.do(kept.finish(complete=False)) == ""
    kept.abandon()
    assert not rig.disk.held


def test_an_object_appears_when_it_is_whole() -> None:
    rig = Rig()
    kept = rig.kept(rig.bucket)
    assert not rig.bucket.held
    rig.do(kept.finish(complete=True))
    assert [bytes(data) for data in rig.bucket.held.values()] == [HEADER]


def test_a_bucket_that_refuses_is_found_out_at_once_when_opened() -> None:
    rig = Rig()
    rig.route.refuse()
    with pytest.raises(StorageError, match="could not connect"):
        rig.do(rig.bucket.open(NOW))
    assert rig.clock.now() < SECOND


def test_a_bucket_that_is_silent_is_given_up() -> None:
    rig = Rig()
    rig.route.hold(outward=False, inward=True)
    with pytest.raises(StorageError, match="no answer"):
        rig.do(rig.bucket.open(NOW))
    assert CALL_TIMEOUT <= rig.clock.now() < Timers().open


def test_a_bucket_that_is_gone_is_tried_again_for_ten_seconds() -> None:
    rig = Rig()
    kept = rig.kept(rig.bucket)
    rig.route.refuse()
    with pytest.raises(StorageError):
        rig.do(kept.finish(complete=True))
    assert 8 * SECOND < rig.clock.now() <= 10 * SECOND


def test_what_a_bucket_did_not_get_is_sent_when_it_is_back() -> None:
    rig = Rig()
    kept = rig.kept(rig.bucket)
    rig.route.refuse()
    kept.abandon()
    rig.clock.env.run(until=60 * SECOND)
    assert not rig.bucket.held
    rig.route.accept()
    rig.clock.env.run(until=90 * SECOND)
    assert [bytes(data) for data in rig.bucket.held.values()] == [HEADER]
