"""What a header says of its session, and who is let in by which of several actions."""

from __future__ import annotations

import pytest

from conformance.history import (
    ActionServed,
    Addressed,
    CommandRan,
    CommandStarted,
    Event,
    ExitSeen,
    Handed,
    PolicyApplied,
    Resized,
    ServerSession,
    SessionOpened,
    Shown,
)
from conformance.judgement import Status
from conformance.machine import State
from conformance.wire import OnRecordingFailure, SSHAction, SSHPrincipal, SSHRule
from tests.conformance.histories import (
    Edit,
    Story,
    Telling,
    add,
    change,
    drop,
    header,
    not_recorded,
    recorded,
    rejected,
    status_of,
    two_sessions,
)

S = State
F, P, K, W = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN
SHELL = recorded(run="shell", pty=True)
RESIZED = Resized(session="s1", width=90, height=30)


def headed(telling: Telling, old: bytes, new: bytes, which: int = 0) -> Telling:
    """Change what the header of one recording says."""
    handed = [e.what for e in telling.history if isinstance(e.what, Handed)]
    first = [what for what in handed if what.data.startswith(b'{"version"')][which]
    assert old in first.data
    data = first.data.replace(old, new)
    return telling.but(change(Handed, {"data": data}, data=first.data))


def apart(old: bytes, new: bytes) -> Telling:
    """Two sessions of two connections run two commands; the second one's header is changed."""
    telling = two_sessions(separate=True).but(
        change(SessionOpened, {"command": "other"}, session="s2")
    )
    return headed(headed(telling, b'"run"', b'"other"', 1), old, new, 1)


def timed(time: str) -> Telling:
    """The last event has this time."""
    line = f'[{time},"o",""]\n'.encode()
    return recorded().but(change(Handed, {"data": header(None) + line}))


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("header-25", SHELL, P),
        ("header-25", recorded(), P),
        ("header-25", headed(SHELL, b'"width":80', b'"width":24'), F),
        ("header-25", headed(recorded(), b'"height":0', b'"height":24'), F),
        ("header-25", headed(SHELL, b'"width":80', b'"width":90').but(add("user", RESIZED)), None),
        ("header-25", not_recorded(), None),
        ("header-26", recorded(), P),
        ("header-26", SHELL, P),
        ("header-26", headed(recorded(), b'"command":"run",', b""), F),
        ("header-26", headed(SHELL, b'"version":2', b'"version":2,"command":"/bin/sh"'), F),
        ("header-26", headed(recorded(), b'{"version"', b'"version"'), None),
        ("header-27", SHELL, P),
        ("header-27", recorded(), P),
        ("header-27", SHELL.but(change(SessionOpened, {"term": "vt100"})), F),
        ("header-27", SHELL.but(change(SessionOpened, {"term": ""})), P),
        ("header-27", headed(recorded(), b'"xterm-256color"', b'"dumb"'), F),
        ("header-27", headed(recorded(), b'{"TERM":"xterm-256color"}', b"{}"), None),
        ("header-30", two_sessions(separate=True), P),
        ("header-30", apart(b"conn-2", b"conn-2"), P),
        ("header-30", apart(b"conn-2", b"conn-1"), F),
        ("header-30", recorded(), None),
        ("header-31", recorded(), P),
        ("header-31", headed(recorded(), b'{"version"', b'{"kubernetes":{},"version"'), W),
        ("header-31", headed(recorded(), b'{"version"', b'"version"'), None),
        ("header-31", not_recorded(), None),
        ("events-15", recorded(), P),
        *[("events-15", timed(time), F) for time in ("9", "-9", "1e300", "-1e300")],
        # A string is not multiplied to see what time it says.
        ("events-15", timed('"1"'), None),
    ],
)
def test_headers(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_sessions_of_one_connection_have_one_id() -> None:
    telling = two_sessions().but(change(SessionOpened, {"command": "other"}, session="s2"))
    same = headed(telling, b'"run"', b'"other"', 1)
    assert status_of("header-30", same.judged()) is P
    assert status_of("header-30", headed(same, b"conn-1", b"conn-9", 1).judged()) is F


# --- who is let in --------------------------------------------------------------------------------

REJECTS = SSHAction(reject=True, message="no")
FAILURE = OnRecordingFailure(reject_session_with_message="no")
HOLDS = SSHAction(
    hold_and_delegate="https://unused/1", recorders=("rec1:80",), on_recording_failure=FAILURE
)
ALSO = SSHAction(hold_and_delegate="https://unused/2", recorders=("rec2:80",))
ACCEPTS = SSHAction(accept=True)
LISTS = SSHAction(accept=True, recorders=("rec2:80",))
FIRST = SSHAction(accept=True, recorders=("rec1:80",), on_recording_failure=FAILURE)


def answered(*actions: SSHAction, took: SSHAction | None = None, of: Telling) -> Telling:
    """Let the control plane answer these actions, and the server take one."""

    def edit(history: tuple[Event, ...]) -> tuple[Event, ...]:
        history = drop(ActionServed)(history)
        for action in actions:
            served = ActionServed(
                peer="127.0.0.1", destination="prod-1", ssh_user="alice", action=action
            )
            history = add("control", served)(history)
        return history

    edits: list[Edit] = [edit]
    if took is not None:
        edits.append(change(PolicyApplied, {"action": took}))
    return of.but(*edits)


def refused(*more: Edit) -> Telling:
    """No rule lets the user in."""
    s = Story(recorders=(), record=None)
    s.connect()
    s.show("denied\r\n", "stderr")
    s.told(254)
    telling = s.end((), exit="nonzero")
    edits = (drop(ServerSession), drop(PolicyApplied), *more)
    return answered(REJECTS, of=telling).but(*edits, action=None, policy="{}")


RAN = CommandRan(session="s1", ran_at=1)
SEEN = Shown(session="s1", data=b"one\n")
QUIET = rejected().but(drop(Shown))


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("policy-12", refused(), P),
        ("policy-12", refused(change(ExitSeen, {"status": 0})), F),
        ("policy-12", refused(add("user", SEEN)), F),
        ("policy-12", refused(add("world", RAN)), F),
        ("policy-12", answered(REJECTS, of=recorded()), F),
        ("policy-12", recorded(), None),
        ("machine-1", refused(), K),
        ("machine-2", refused(), K),
        ("machine-3", refused(), K),
        ("streaming-5", refused(), None),
        ("policy-14", answered(HOLDS, ACCEPTS, of=recorded()), P),
        ("policy-14", answered(HOLDS, HOLDS, REJECTS, of=QUIET), P),
        ("policy-14", answered(HOLDS, of=QUIET), P),
        ("policy-14", answered(HOLDS, of=recorded()), F),
        (
            "policy-14",
            answered(HOLDS, of=QUIET).but(
                add("server", CommandStarted(session="conn-1/0", recorded=False))
            ),
            F,
        ),
        ("policy-14", recorded(), None),
        ("policy-15", answered(HOLDS, LISTS, took=LISTS, of=recorded()), P),
        ("policy-15", answered(HOLDS, ACCEPTS, took=FIRST, of=recorded()), P),
        ("policy-15", answered(HOLDS, LISTS, ACCEPTS, took=FIRST, of=recorded()), P),
        ("policy-15", answered(HOLDS, LISTS, took=FIRST, of=recorded()), F),
        ("policy-15", answered(HOLDS, ACCEPTS, took=ACCEPTS, of=recorded()), F),
        ("policy-15", answered(HOLDS, LISTS, ACCEPTS, took=LISTS, of=recorded()), F),
        ("policy-15", answered(HOLDS, ACCEPTS, of=recorded().from_outside()), P),
        ("policy-15", answered(HOLDS, LISTS, of=recorded().from_outside()), F),
        ("policy-15", answered(HOLDS, ALSO, ACCEPTS, of=recorded().from_outside()), P),
        ("policy-15", answered(ALSO, HOLDS, ACCEPTS, of=recorded().from_outside()), F),
        ("policy-15", recorded(), None),
    ],
)
def test_access(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


# --- which rule decides ---------------------------------------------------------------------------


def rule(action: SSHAction, *nodes: str, user: str = "*") -> SSHRule:
    """Return a rule for connections of these nodes, or of any."""
    who = tuple(SSHPrincipal(node=node) for node in nodes) or (SSHPrincipal(any=True),)
    return SSHRule(principals=who, ssh_users={user: "="}, action=action)


def ruled(*rules: SSHRule, took: SSHAction | None = None, of: Telling) -> Telling:
    """Let the control plane send these rules, and the server take the action of one of them."""
    sent = change(ActionServed, {"source": "nLAPTOP", "rules": rules, "action": FIRST})
    return of.but(sent, *([change(PolicyApplied, {"action": took})] if took else []))


INSIDE = recorded()
OUTSIDE = recorded().from_outside()
LENIENT = SSHAction(accept=True, recorders=("rec1:80",))


@pytest.mark.parametrize(
    ("telling", "status"),
    [
        (ruled(rule(FIRST), rule(LISTS), took=FIRST, of=INSIDE), P),
        (ruled(rule(FIRST), rule(LISTS), took=LISTS, of=INSIDE), F),
        (ruled(rule(FIRST), rule(LENIENT), took=LENIENT, of=INSIDE), F),
        # A rule for another node or another account is passed over.
        (ruled(rule(LISTS, "nOTHER"), rule(FIRST), rule(ACCEPTS), took=FIRST, of=INSIDE), P),
        (ruled(rule(LISTS, "nOTHER"), rule(FIRST), rule(ACCEPTS), took=LISTS, of=INSIDE), F),
        (ruled(rule(LISTS, user="bob"), rule(FIRST), rule(ACCEPTS), took=FIRST, of=INSIDE), P),
        # From outside only the recorders that are dialled show which it was: rec1 is.
        (ruled(rule(FIRST), rule(LISTS), of=OUTSIDE), P),
        (ruled(rule(LISTS), rule(FIRST), of=OUTSIDE), F),
        (ruled(rule(ACCEPTS), rule(FIRST), of=OUTSIDE), F),
        (ruled(rule(FIRST), rule(LENIENT), of=OUTSIDE), K),
        (ruled(rule(FIRST), rule(ACCEPTS), of=OUTSIDE), K),
        # Whichever is taken, it is the same.
        (ruled(rule(FIRST), rule(FIRST), took=LISTS, of=INSIDE), None),
        (ruled(rule(FIRST), took=LISTS, of=INSIDE), None),
        (recorded(), None),
    ],
)
def test_the_first_rule_that_matches_decides(telling: Telling, status: Status | None) -> None:
    telling = telling.but(add("world", Addressed(node="rec2", address="rec2:80")))
    assert status_of("policy-13", telling.judged()) is status
