from __future__ import annotations

import msgspec
import pytest

from conformance.checking import judge
from conformance.history import FaultApplied, Handed, NoticeReceived
from conformance.judgement import Status
from conformance.scenario import FaultPlan, OnFailure
from conformance.wire import Attempt, Notice
from tests.conformance.histories import (
    Telling,
    aborted,
    add,
    address,
    again,
    allowed,
    change,
    continued,
    drop,
    lost_after_exit,
    not_recorded,
    recorded,
    rejected,
    status_of,
    terminated,
    two_sessions,
)

F, P, K = Status.FAIL, Status.PASS, Status.SKIP
QUIET = OnFailure(notify=False)
READ = msgspec.json.Decoder(Notice)


def noticed(telling: Telling, **fields: object) -> Telling:
    """Change what stands in the notice."""
    event = next(e.what for e in telling.history if isinstance(e.what, NoticeReceived))
    body = msgspec.structs.replace(READ.decode(event.body), **fields)
    return telling.but(change(NoticeReceived, {"body": msgspec.json.encode(body)}))


def raw(body: bytes) -> Telling:
    return rejected().but(change(NoticeReceived, {"body": body}))


def lost(message: str) -> tuple[Attempt, ...]:
    return (Attempt(address("rec1"), message),)


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("notice-1", rejected(), P),
        ("notice-1", allowed(), P),
        ("notice-1", continued(), P),
        ("notice-1", recorded(), P),
        ("notice-1", not_recorded(), None),
        ("notice-1", allowed(on_failure=QUIET).expecting(notices=()), F),
        (
            "notice-1",
            allowed(on_failure=QUIET).but(drop(NoticeReceived)).expecting(notices=()),
            None,
        ),
        ("notice-1", rejected().but(drop(NoticeReceived)), F),
        ("notice-1", rejected().but(again(NoticeReceived)), F),
        ("notice-1", rejected().expecting(notices=()), F),
        ("notice-1", noticed(rejected(), connection_id="other"), F),
        ("notice-1", lost_after_exit().but(drop(FaultApplied), faults=()), K),
        ("notice-1", rejected().but(faults=(FaultPlan(fault="refused", node="control"),)), K),
        ("notice-1", rejected().but(add("faults", FaultApplied(fault="x", node="control"))), K),
        ("notice-1", rejected().from_outside(), P),
        ("notice-1", terminated().from_outside(), P),
        ("notice-1", rejected().but(drop(NoticeReceived)).from_outside(), F),
        ("notice-1", two_sessions().from_outside(), P),
        ("notice-2", rejected(), P),
        ("notice-2", terminated(), P),
        ("notice-2", noticed(rejected(), event_type=3), F),
        ("notice-2", noticed(rejected(), event_type=3).from_outside(), F),
        ("notice-2", recorded(), None),
        ("notice-3", rejected(), P),
        ("notice-3", terminated(), P),
        ("notice-3", noticed(rejected(), recording_attempts=lost("x")), F),
        ("notice-3", noticed(rejected(), recording_attempts=()), F),
        ("notice-3", noticed(terminated(), recording_attempts=lost("")), F),
        ("notice-3", rejected().from_outside(), P),
        ("notice-3", terminated().from_outside(), P),
        ("notice-3", noticed(rejected(), recording_attempts=lost("x")).from_outside(), F),
        ("notice-3", noticed(rejected(), recording_attempts=()).from_outside(), F),
        ("notice-3", noticed(terminated(), recording_attempts=lost("")).from_outside(), F),
        # Whose time for choosing ends is not told how many recorders it must have tried by then.
        ("notice-3", rejected(record=("rec1", "rec2", "rec1")).from_outside(), K),
        ("notice-4", rejected(), P),
        ("notice-4", raw(b"hello"), F),
        ("notice-4", raw(b"{}"), F),
        ("notice-4", raw(b'{"ConnectionID":"\xff"}'), F),
        ("notice-4", raw(b'{"a":' * 100_000), F),
        ("notice-4", noticed(rejected(), src_node="101"), F),
        ("notice-4", rejected().from_outside(), P),
        ("notice-4", recorded(), None),
    ],
)
def test_notices(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("notice-1", rejected(), P),
        ("notice-1", rejected().but(drop(NoticeReceived)), F),
        ("notice-1", recorded(), P),
        ("notice-1", not_recorded(), None),
        ("notice-1", aborted(), P),
        ("notice-1", allowed(on_failure=QUIET).but(drop(NoticeReceived)), None),
        ("notice-1", allowed(on_failure=QUIET), F),
        ("notice-2", noticed(rejected(), event_type=2), F),
        ("notice-2", allowed(), P),
        ("notice-1", rejected().from_outside(), P),
        ("notice-1", aborted().from_outside(), K),
    ],
)
def test_without_a_scenario_the_path_says_what_is_due(
    clause: str, telling: Telling, status: Status | None
) -> None:
    assert status_of(clause, judge(None, telling.history)) is status


def apart() -> Telling:
    """Two users, and the recording of one of them is not known."""
    telling = two_sessions(separate=True).from_outside()
    return telling.but(drop(Handed, recorder="rec1"))


def test_of_several_connections_nobody_can_say_whose_a_notice_is() -> None:
    judgement = apart().judged()
    assert status_of("notice-1", judgement) is K
    assert status_of("notice-4", judgement) is None


def test_two_ids_on_the_only_connection_cannot_be_told_apart() -> None:
    body = next(e.what.body for e in rejected().history if isinstance(e.what, NoticeReceived))
    other = NoticeReceived(path="/", body=body.replace(b"conn-1", b"conn-2"), status=201)
    telling = rejected().but(add("control", other)).from_outside()
    assert status_of("notice-1", telling.judged()) is K
