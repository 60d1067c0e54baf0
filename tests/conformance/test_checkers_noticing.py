"""How a notice travels, how it names recorders, and what may not depend on it."""

from __future__ import annotations

import pytest

from conformance.checking import judge
from conformance.history import (
    ActionGiven,
    ActionServed,
    ControlReceived,
    ExitSeen,
    FaultApplied,
    NoticeReceived,
    SessionOpened,
    Shown,
)
from conformance.judgement import Status
from conformance.scenario import FaultPlan, OnFailure, UserSession
from tests.conformance.histories import (
    Edit,
    Telling,
    add,
    again,
    allowed,
    change,
    continued,
    drop,
    lost_after_exit,
    recorded,
    rejected,
    status_of,
    terminated,
)

F, P, K, W = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN


def saying(telling: Telling, old: bytes, new: bytes) -> Telling:
    """Change what a notice says."""
    body = next(e.what.body for e in telling.history if isinstance(e.what, NoticeReceived))
    assert old in body
    return telling.but(change(NoticeReceived, {"body": body.replace(old, new)}))


def control_down(telling: Telling, *edits: Edit) -> Telling:
    """The control plane is disturbed."""
    struck = add("faults", FaultApplied(fault="refused", node="control"))
    faults = (*telling.scenario.faults, FaultPlan(fault="refused", node="control"))
    return telling.but(struck, *edits, faults=faults)


def given(telling: Telling, *edits: Edit) -> Telling:
    """The SSH server is not ours: it was given its action as a file, and reports nothing."""
    told = next(e.what.action for e in telling.history if isinstance(e.what, ActionServed))
    handed = add("world", ActionGiven(action=told))
    return telling.but(drop(ActionServed), handed, *edits).from_outside()


def shared(telling: Telling, connection: str = "c1") -> Telling:
    """Another session is on the same connection, under whose name a notice may come as well."""
    opened = SessionOpened(
        session="s2", connection=connection, channel=1, shell="exec", command="other"
    )
    sessions = (*telling.scenario.sessions, UserSession(name="s2", run="exec", command="other"))
    return telling.but(add("user", opened), sessions=sessions)


USER = b'"SSHUser":"alice"'
PUT = ControlReceived(path="/notify", body=b'{"EventType":1,"RecordingAttempts":[]}')
OTHER = ControlReceived(path="/policy", body=b"{}")
QUIET = OnFailure(notify=False)


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("notice-5", rejected(), P),
        ("notice-5", rejected().from_outside(), P),
        ("notice-5", rejected().but(change(NoticeReceived, {"path": "/elsewhere"})), F),
        ("notice-5", rejected().but(add("control", PUT)), F),
        ("notice-5", given(rejected()), P),
        ("notice-5", given(rejected(), change(NoticeReceived, {"path": "/elsewhere"})), F),
        ("notice-5", given(rejected(), add("control", PUT)), F),
        ("notice-5", rejected().but(drop(ActionServed)).from_outside(), K),
        ("notice-5", rejected().but(add("control", OTHER)), P),
        ("notice-5", recorded(), None),
        ("notice-9", rejected(), P),
        ("notice-9", saying(rejected(), b'"Recorder":"rec1:80"', b'"Recorder":"10.0.0.1:80"'), P),
        ("notice-9", saying(rejected(), b'"Recorder":"rec1:80"', b'"Recorder":"[fd7a::1]:80"'), P),
        ("notice-9", saying(rejected(), b'"Recorder":"rec1:80"', b'"Recorder":"10.0.0.1"'), F),
        ("notice-9", saying(rejected(), b'"Recorder":"rec1:80"', b'"Recorder":"rec9:80"'), F),
        ("notice-9", saying(rejected(), b'"Recorder":"rec1:80"', b'"Recorder":"10.0.0.1:x"'), F),
        ("notice-9", saying(rejected(), b'"FailureMessage":"answered 503"', b'"F":""'), F),
        (
            "notice-9",
            saying(rejected(), b'"FailureMessage":"answered 503"', b'"FailureMessage":null'),
            F,
        ),
        (
            "notice-9",
            saying(rejected(), b'"FailureMessage":"answered 503"', b'"FailureMessage":""'),
            P,
        ),
        ("notice-9", rejected().but(change(NoticeReceived, {"body": b"no JSON"})), None),
        ("notice-10", rejected().from_outside(), P),
        ("notice-10", saying(rejected(), USER, b'"SSHUser":"bob"').from_outside(), F),
        ("notice-10", saying(terminated(), USER, b'"SSHUser":"bob"').from_outside(), F),
        ("notice-7", control_down(allowed()), P),
        ("notice-7", control_down(terminated()), P),
        ("notice-7", control_down(allowed(), change(ExitSeen, {"status": 1})), F),
        ("notice-7", control_down(continued(), change(ExitSeen, {"status": 1})), F),
        ("notice-7", control_down(allowed(on_failure=QUIET)), None),
        ("notice-7", control_down(recorded()), None),
        ("notice-7", allowed().but(change(ExitSeen, {"status": 1})), None),
        ("notice-11", lost_after_exit(), P),
        ("notice-11", lost_after_exit().but(drop(NoticeReceived)), W),
        ("notice-11", lost_after_exit(on_failure=QUIET).but(drop(NoticeReceived)), None),
        ("notice-11", control_down(lost_after_exit(), drop(NoticeReceived)), None),
        ("notice-11", shared(lost_after_exit()), K),
        ("notice-11", shared(lost_after_exit().but(drop(NoticeReceived))), K),
        ("notice-11", shared(lost_after_exit(), "c2"), P),
        ("notice-11", terminated(), None),
        # How often is notice-1's, in what words notice-4's: neither is the type's or the attempts'.
        ("notice-2", rejected().but(again(NoticeReceived)), P),
        ("notice-3", rejected().but(again(NoticeReceived)), P),
        ("notice-1", rejected().but(again(NoticeReceived)), F),
        ("notice-1", rejected().but(change(NoticeReceived, {"body": b"no JSON"})), P),
        ("notice-4", rejected().but(change(NoticeReceived, {"body": b"no JSON"})), F),
    ],
)
def test_noticing(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_a_server_is_held_against_the_action_it_was_given_without_a_scenario_too() -> None:
    right = given(rejected()).history
    assert status_of("failure-1", judge(None, right)) is P
    silent = given(rejected(), change(Shown, {"data": b"go away\r\n"})).history
    assert status_of("failure-1", judge(None, silent)) is F
