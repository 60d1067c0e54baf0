"""The judges of kills: what was acked is there, what was whole stays whole, nothing is made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.history import Disconnected, Kind
from conformance.judgement import Status
from conformance.probed import Kept, Looked, Signalled
from conformance.recorder_cases.restarts import FIRST
from tests.conformance.recorder_cases.told import (
    MARKER,
    answered,
    asked,
    ended_v2,
    got,
    opened_v2,
    sent,
    upload_v1,
    verdicts,
)

PASS, FAIL, WARN, SKIP, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.WARN,
    Status.SKIP,
    Status.ERROR,
)
KILLED: tuple[Kind, ...] = (
    Disconnected(recorder="target", connection="c0", by="recorder", how="reset"),
    Signalled(what="kill"),
    Signalled(what="restart"),
)
SENT = 100
PATH = "n/2026-11-22T10:00:00Z.cast"


def broken_off(acked: int, *kept: Kept) -> dict[str, Status]:
    """An upload of `SENT` bytes that was acked so far when the kill came, and what is there."""
    ack = [got(b'{"ack":%d}\n' % acked)] if acked else []
    return verdicts(
        "restarts/stages",
        asked("between lines", marker=MARKER),
        answered(200),
        sent(bytes(SENT)),
        *ack,
        *KILLED,
        *kept,
        Looked(marker=MARKER, found=len(kept)),
    )


def there(size: int, agrees: int | None = None, path: str = PATH) -> Kept:
    same = size if agrees is None else agrees
    return Kept(marker=MARKER, path=path, size=size, agrees=same, whole=not path.startswith("."))


@given(acked=st.integers(1, SENT), kept=st.integers(0, SENT))
def test_what_was_acked_is_there(acked: int, kept: int) -> None:
    assert broken_off(acked, there(kept))["storage-9"] is (PASS if kept >= acked else WARN)


def test_nothing_there_is_a_loss() -> None:
    assert broken_off(1)["storage-9"] is WARN


def test_what_is_only_among_temporary_files_is_not_found_by_anybody() -> None:
    assert broken_off(50, there(SENT, path=".incoming/1"))["storage-9"] is WARN


def test_what_is_there_was_sent() -> None:
    assert broken_off(50, there(SENT, agrees=60))["storage-9"] is WARN


def test_a_recording_is_not_recovered_twice() -> None:
    twice = broken_off(50, there(SENT), there(SENT, path="n/2026-11-22T10:00:00.1Z.cast"))
    assert twice["storage-3"] is FAIL


@pytest.mark.parametrize("name", ["restarts/stages", "restarts/flooded", "restarts/again"])
def test_without_an_ack_nothing_is_shown_by_any_kill(name: str) -> None:
    begun = opened_v2("lines", intent="free")
    look = Looked(marker=f"{MARKER}c0-1", found=0)
    assert verdicts(name, *begun, *KILLED, look)["storage-9"] is ERROR
    acked = (*begun, got(b'{"ack":5}\n'), *KILLED)
    assert (
        verdicts(name, *acked, later(5, 5), Looked(marker=look.marker, found=1))["storage-9"]
        is PASS
    )
    assert verdicts(name, *acked, look)["storage-9"] is WARN


def test_a_recorder_that_does_not_serve_again_has_nothing() -> None:
    down = Signalled(what="restart", ready=False)
    assert verdicts("restarts/stages", Signalled(what="kill"), down)["storage-9"] is WARN


def test_without_a_kill_nothing_is_known() -> None:
    assert verdicts("restarts/flooded", *opened_v2(intent="free"))["storage-9"] is ERROR


@pytest.mark.parametrize(("size", "verdict"), [(5, PASS), (3, FAIL)])
def test_what_was_whole_stays_whole(size: int, verdict: Status) -> None:
    marker = f"{MARKER}c0-1"
    found = verdicts(
        "restarts/stages",
        *opened_v2("ending", intent="free"),
        *ended_v2(),
        *KILLED,
        Kept(marker=marker, path=PATH, size=size, agrees=size),
        Looked(marker=marker, found=1),
    )
    assert found["storage-2"] is verdict


# --- v1 -------------------------------------------------------------------------------------------


def v1(
    upload: tuple[Kind, ...], *, size: int, agrees: int, ready: bool = True
) -> dict[str, Status]:
    """An upload, a kill, what is there of it, and a new upload once the recorder is back."""
    after = upload_v1("after", connection="c9") if ready else ()
    signals = (Signalled(what="kill"), Signalled(what="restart", ready=ready))
    there = Kept(marker=f"{MARKER}c0", path=PATH, size=size, agrees=agrees)
    look = Looked(marker=f"{MARKER}c0", found=1)
    return verdicts("restarts/v1", *upload, *signals, there, look, *after)


WHOLE_V1 = upload_v1("ending", intent="free")
BEGUN_V1 = WHOLE_V1[:3]


def test_what_v1_answered_with_success_is_whole_after_a_kill() -> None:
    found = v1(WHOLE_V1, size=5, agrees=5)
    assert (found["storage-2"], found["storage-5"]) == (PASS, PASS)
    assert v1(WHOLE_V1, size=4, agrees=4)["storage-2"] is FAIL


def test_what_is_there_of_a_v1_upload_that_broke_off_is_its_beginning() -> None:
    assert v1(BEGUN_V1, size=3, agrees=3)["storage-1"] is PASS
    assert v1(BEGUN_V1, size=3, agrees=2)["storage-1"] is FAIL


def test_a_recorder_of_v1_serves_again() -> None:
    assert v1(BEGUN_V1, size=3, agrees=3)["storage-5"] is PASS
    assert v1(BEGUN_V1, size=3, agrees=3, ready=False)["storage-5"] is FAIL


# --- earlier recordings ---------------------------------------------------------------------------


def earlier(*now: Kept) -> Status:
    marker = f"{MARKER}c0-1"
    return verdicts(
        "restarts/earlier",
        *opened_v2("earlier"),
        *ended_v2(),
        Kept(marker=marker, path=PATH, size=5, agrees=5, after=FIRST),
        Looked(marker=marker, found=1, after=FIRST),
        *KILLED,
        *now,
        Looked(marker=marker, found=len(now)),
    )["privacy-6"]


def later(size: int, agrees: int, path: str = PATH) -> Kept:
    return Kept(marker=f"{MARKER}c0-1", path=path, size=size, agrees=agrees)


def test_what_stays_as_it_was_has_its_limits_said() -> None:
    assert earlier(later(5, 5)) is SKIP
    assert earlier(later(5, 5, "archive/one.cast")) is SKIP


@pytest.mark.parametrize("now", [(), (later(4, 4),), (later(6, 5),), (later(5, 4),)])
def test_what_was_removed_or_changed_is_found(now: tuple[Kept, ...]) -> None:
    assert earlier(*now) is FAIL


def test_earlier_recordings_that_nobody_saw_show_nothing() -> None:
    assert verdicts("restarts/earlier")["privacy-6"] is ERROR
    assert (
        verdicts("restarts/earlier", *opened_v2("earlier"), *ended_v2(), *KILLED)["privacy-6"]
        is ERROR
    )
