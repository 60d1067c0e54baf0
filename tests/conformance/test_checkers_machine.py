from __future__ import annotations

import pytest

from conformance.history import (
    Aborted,
    Attempted,
    BodyEnded,
    Disconnected,
    Entered,
    FaultApplied,
    HungUp,
    Left,
    SessionClosed,
    SessionOpened,
    Shown,
)
from conformance.judgement import Status
from conformance.machine import State
from conformance.sessions import NO_REPORT, NOBODY_EXPECTS
from tests.conformance.histories import (
    STREAMING,
    Story,
    Telling,
    aborted,
    add,
    again,
    allowed,
    change,
    drop,
    failed_over,
    lost_after_exit,
    recorded,
    rejected,
    status_of,
)

S = State
F, P, K = Status.FAIL, Status.PASS, Status.SKIP


def entering(state: State) -> Entered:
    return Entered(session="conn-1/0", state=state)


def let_down() -> Telling:
    """An error frame comes from a recorder that nothing disturbs."""
    return lost_after_exit().but(drop(FaultApplied), faults=())


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("machine-1", recorded(), P),
        ("machine-1", recorded().but(drop(Entered, state=S.CONNECTED)), F),
        ("machine-1", recorded().but(again(Entered, state=S.STREAMING)), F),
        ("machine-1", recorded().but(drop(Entered, state=S.CONNECTING)), F),
        ("machine-1", recorded().but(drop(Entered, state=S.SESSION_COMPLETE)), P),
        ("machine-2", recorded(), P),
        ("machine-2", recorded().expecting(path=STREAMING), F),
        ("machine-2", aborted().expecting(aborted=False), F),
        ("machine-2", failed_over(), P),
        ("machine-2", failed_over().expecting(attempts=()), F),
        ("machine-2", failed_over().but(change(Attempted, {"failure": "x"}, failure="")), F),
        ("machine-2", let_down(), K),  # the recorder let it down
        ("machine-2", recorded().but(expect=()), K),
        ("machine-3", recorded(), P),
        ("machine-3", aborted(), P),
        ("machine-3", recorded().but(drop(Left)), F),
        ("machine-3", recorded().but(drop(Entered, state=S.SESSION_COMPLETE)), F),
        ("machine-3", recorded().but(add("server", Aborted(session="conn-1/0"))), F),
        ("machine-3", aborted().but(drop(Aborted)), F),
        ("machine-3", recorded().but(add("server", entering(S.SESSION_REJECTED))), F),
        ("machine-3", recorded().but(add("server", entering(S.STREAMING))), F),
    ],
)
def test_reported(clause: str, telling: Telling, status: Status) -> None:
    assert status_of(clause, telling.judged()) is status


def taken_twice() -> Telling:
    s = Story(recorders=("rec1", "rec2"), record=("rec1", "rec2"))
    s.connect()
    s.taken("rec1")
    s.gone("recorder", "reset")
    s.taken("rec2")
    s.told(0)
    return s.end(STREAMING)


def unclosed() -> Telling:
    return recorded().but(drop(SessionClosed))


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("machine-1", recorded(), P),
        ("machine-1", taken_twice(), F),
        ("machine-2", taken_twice(), K),
        ("machine-3", taken_twice(), K),
        ("machine-1", aborted(), K),
        ("machine-2", aborted(), K),
        ("machine-3", aborted(), K),
        ("machine-2", recorded(), P),
        ("machine-2", recorded().expecting(path=STREAMING), F),
        ("machine-2", recorded().but(expect=()), K),
        # What is expected is none of the paths that are left, however many they are.
        ("machine-2", aborted().expecting(path=STREAMING, aborted=False), F),
        ("machine-2", recorded().but(drop(SessionOpened)), K),
        ("machine-1", recorded().but(drop(SessionOpened)), K),
        ("machine-3", recorded(), P),
        ("machine-3", rejected(), P),
        ("machine-3", unclosed(), P),
    ],
)
def test_from_outside(clause: str, telling: Telling, status: Status) -> None:
    assert status_of(clause, telling.from_outside().judged()) is status


def test_a_session_that_was_only_begun_did_not_end() -> None:
    """One path is left, and it is cut off where the recording still goes on."""
    telling = recorded().from_outside()
    from conformance.checkers.machine import states  # noqa: PLC0415 - registered by judge
    from conformance.checking import Findings  # noqa: PLC0415
    from conformance.joining import join  # noqa: PLC0415
    from conformance.sessions import Inferred, Possible  # noqa: PLC0415

    view = join(telling.scenario, telling.history)
    session = view.sessions["s1"]
    out = Findings()
    states(view, out)
    assert {finding.message for finding in out.findings} == {NO_REPORT}
    session.inferred = Inferred(paths=(Possible(STREAMING),))
    out = Findings()
    states(view, out)
    assert ("machine-3", F) in {(f.clause, f.status) for f in out.findings}


def test_the_reasons_are_given() -> None:
    judgement = recorded().but(expect=()).judged()
    assert [f.message for f in judgement.findings if f.clause == "machine-2"] == [NOBODY_EXPECTS]
    twice = taken_twice().from_outside().judged()
    message = next(f.message for f in twice.findings if f.clause == "machine-1")
    assert "rec1, then rec2" in message
    outside = aborted().from_outside().judged()
    message = next(f.message for f in outside.findings if f.clause == "machine-1")
    assert message.startswith("cannot tell the path from outside (the user left")


def test_a_path_that_fits_nothing_seen_is_not_made_up() -> None:
    """What contradicts itself ends in a skip, and other clauses say what is wrong."""
    telling = allowed().but(
        change(Shown, {"data": b"Lost.\r\n"}),
        add("user", HungUp(session="s1")),
    )
    assert status_of("machine-1", telling.from_outside().judged()) in (K, P)
    body = recorded().but(drop(BodyEnded, stream=3), drop(Disconnected)).from_outside()
    assert status_of("machine-2", body.judged()) in (K, F)
