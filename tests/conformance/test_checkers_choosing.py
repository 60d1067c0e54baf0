from __future__ import annotations

import msgspec
import pytest

from conformance.history import (
    Aborted,
    Answered,
    Attempted,
    BodyStarted,
    Dialled,
    Entered,
    PolicyApplied,
    Requested,
)
from conformance.judgement import Status
from conformance.machine import State
from conformance.scenario import Script
from conformance.wire import SSHAction
from tests.conformance.histories import (
    CHOOSING,
    FAILED,
    Story,
    Telling,
    aborted,
    add,
    address,
    allowed,
    change,
    drop,
    failed_over,
    later,
    moved,
    not_recorded,
    recorded,
    rejected,
    status_of,
)

S = State
F, P, K, W = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN
FIRST, SECOND = address("rec1"), address("rec2")
GIVEN_UP = Attempted(session="conn-1/0", recorder=FIRST, failure="it stayed silent")
TRIED_AGAIN = Attempted(session="conn-1/0", recorder=SECOND, failure="no")


def dial(recorder: str) -> Dialled:
    return Dialled(recorder=recorder, connection=f"{recorder}#9", peer="127.0.0.2:1")


def out_of_time(seconds: float) -> Telling:
    """Choosing ends with one of two recorders untried."""
    s = Story(recorders=("rec1", "rec2"), record=("rec1", "rec2"))
    s.connect()
    s.enter(*CHOOSING)
    s.refused("rec1")
    s.wait(seconds)
    s.enter(S.TRY_FAILOVER, S.RECORDING_FAILED, S.SESSION_REJECTED)
    s.show("Refused.\r\n")
    s.told(254)
    s.notice(1)
    s.leave()
    return s.end((*FAILED, S.SESSION_REJECTED), exit="nonzero", notices=(1,))


def sftp(*, dialled: bool) -> Telling:
    s = Story(run="sftp")
    s.connect()
    s.enter(S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING)
    if dialled:
        s.dial("rec1")
    s.told(None)
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    return s.end((S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING, S.SESSION_COMPLETE), exit="none")


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("choose-1", failed_over(), P),
        ("choose-1", failed_over().but(change(Attempted, {"recorder": SECOND})), F),
        ("choose-1", failed_over().but(moved(Attempted, before=Attempted)), P),
        (
            "choose-1",
            failed_over().but(
                change(Attempted, {"recorder": "x"}, recorder=FIRST),
                change(Attempted, {"recorder": FIRST}, recorder=SECOND),
                change(Attempted, {"recorder": SECOND}, recorder="x"),
            ),
            F,
        ),
        ("choose-1", not_recorded(), None),
        ("choose-1", sftp(dialled=False), None),
        ("choose-1", failed_over().from_outside(), K),
        ("choose-1", failed_over(record=("rec2", "rec1")).from_outside(), F),
        ("choose-2", recorded(), P),
        ("choose-2", failed_over().but(add("server", TRIED_AGAIN)), F),
        # It took nothing: that it has no words is choose-15's.
        ("choose-2", failed_over().but(change(Attempted, {"failure": ""})), P),
        ("choose-2", recorded().but(add("network", dial("rec2"))), F),
        ("choose-2", recorded().but(add("network", dial("rec2"))).from_outside(), F),
        ("choose-2", recorded().from_outside(), P),
        ("choose-2", aborted().from_outside(), None),
        ("choose-2", rejected(), None),
        ("choose-3", recorded(), P),
        ("choose-3", rejected(), P),
        ("choose-3", out_of_time(30), P),
        ("choose-3", out_of_time(32), F),
        ("choose-3", aborted(), P),
        ("choose-3", recorded().but(drop(Entered, state=S.CONNECTED)), F),
        ("choose-3", recorded(speed=10), K),
        ("choose-3", recorded().from_outside(), K),
        ("choose-3", not_recorded(), None),
        ("choose-3", not_recorded().from_outside(), None),
        ("choose-4", recorded(), P),
        ("choose-4", recorded(speaks="v1"), P),
        ("choose-4", recorded().but(drop(Requested, method="HEAD")), F),
        ("choose-4", recorded().but(change(Answered, {"status": 404}, stream=1)), F),
        ("choose-4", recorded().but(change(Requested, {"http": "1.1"}, method="HEAD")), F),
        # A client that speaks v1 alone is legal, and weaker: that is choose-22's.
        ("choose-4", recorded(speaks="v1").but(drop(Requested, method="HEAD")), P),
        ("choose-4", recorded(speaks="v1").but(change(Requested, {"http": "2"})), F),
        ("choose-4", recorded().but(change(Requested, {"path": "/other"}, method="POST")), None),
        ("choose-22", recorded(speaks="v1"), P),
        ("choose-22", recorded(speaks="v1").but(drop(Requested, method="HEAD")), W),
        ("choose-22", recorded(speaks="v1").but(drop(Requested, method="HEAD")).from_outside(), W),
        ("choose-22", recorded(), None),
        ("choose-5", not_recorded(), P),
        ("choose-5", not_recorded().but(add("network", dial("rec1"))), F),
        ("choose-5", not_recorded().but(add("network", dial("rec1"))).from_outside(), F),
        ("choose-5", sftp(dialled=False), P),
        ("choose-5", sftp(dialled=True), F),
        ("choose-5", sftp(dialled=True).from_outside(), F),
        ("choose-5", recorded(), None),
        ("choose-6", rejected(), P),
        ("choose-6", allowed(), P),
        ("choose-6", rejected().but(drop(Attempted, recorder=SECOND)), F),
        ("choose-6", out_of_time(1), F),
        ("choose-6", out_of_time(30), None),  # the budget was used up
        ("choose-6", recorded(), None),
        ("choose-6", aborted(), None),
        ("choose-6", rejected().from_outside(), K),
        ("v1-1", recorded(speaks="v1"), P),
        ("v1-1", recorded(speaks="v1").but(moved(BodyStarted, before=Answered)), None),
        ("v1-1", recorded(speaks="v1").but(drop(Answered, status=100)), F),
        ("v2-1", recorded(), P),
        ("v2-1", recorded().but(drop(Answered, stream=3)), F),
        ("v2-1", recorded().but(drop(Requested)), None),
    ],
)
def test_choosing(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_a_server_that_looks_up_no_policy_may_dial_nobody() -> None:
    telling = not_recorded().but(change(PolicyApplied, {"action": SSHAction()}))
    assert status_of("choose-5", telling.judged()) is P


# --- a recorder that stays silent -----------------------------------------------------------------

SILENT = Script(does="silent")


def silent(telling: Telling) -> Telling:
    """The first recorder accepts connections and says nothing."""
    first, *others = telling.scenario.recorders
    return telling.but(recorders=(msgspec.structs.replace(first, script=SILENT), *others))


@pytest.mark.parametrize(
    ("telling", "status"),
    [
        (silent(failed_over()), P),
        (silent(failed_over()).but(change(Attempted, {"failure": ""}, recorder=FIRST)), W),
        # The user left before its time was up: whether it would have been given up nobody saw.
        (silent(aborted()), None),
        (silent(aborted()).but(later(Aborted, 29)), None),
        (silent(aborted()).but(later(Aborted, 31)), W),
        (silent(aborted()).but(add("server", GIVEN_UP, before=Aborted), later(Aborted, 31)), P),
        (aborted().but(later(Aborted, 31)), None),
    ],
)
def test_a_silent_recorder_is_given_up(telling: Telling, status: Status | None) -> None:
    assert status_of("choose-17", telling.judged()) is status
