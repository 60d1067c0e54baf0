"""What was shown against what was recorded, one sentence at a time."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from conformance.history import Entered, Handed, HungUp, Shown, Typed
from conformance.judgement import Status
from conformance.machine import State
from conformance.scenario import UserSession
from tests.conformance.histories import (
    CHOOSING,
    NEITHER,
    STREAMING,
    Story,
    Telling,
    add,
    change,
    drop,
    not_recorded,
    recorded,
    status_of,
    terminated,
    two_sessions,
)

S = State
F, P, K, W = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN


def session(*lines: tuple[str, str], shown: bytes, shows: tuple[str, ...] = ()) -> Telling:
    """A session that is recorded to its end: what was recorded, and what was shown."""
    s = Story(on_failure=NEITHER)
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    for code, text in lines:
        s.hand(msgspec.json.encode((0.1, code, text)) + b"\n")
    s.note("user", Shown(session="s1", data=shown))
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    s.store("rec1")
    return s.end(
        (*STREAMING, S.SESSION_COMPLETE), shows=shows, recording="complete", recorded_by="rec1"
    )


def transfer(*, recorded_too: bool = False) -> Telling:
    """A user fetches a file."""
    s = Story(run="sftp")
    s.connect()
    states = (*CHOOSING,) if recorded_too else (S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING)
    s.enter(*states)
    if recorded_too:
        s.taken("rec1")
    else:
        s.start(recorded=False)
    s.show("file\n")
    s.exited(0)
    s.told(None)
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    path = (S.CONNECTING, S.CHECK_POLICY, S.NO_RECORDING, S.SESSION_COMPLETE)
    return s.end(path, exit="none")


def beside_another(telling: Telling) -> Telling:
    """Somebody else has a session of a scenario, too."""
    other = UserSession(name="s2", run="exec", command="run")
    return telling.but(sessions=(*telling.scenario.sessions, other))


def typing(telling: Telling, keys: str) -> Telling:
    digest = hashlib.sha256(keys.encode()).hexdigest()
    typed = Typed(session="s1", digest=f"sha256:{digest}", length=len(keys))
    return telling.but(add("user", typed))


def together(*, mixed: bool) -> Telling:
    """Two sessions of one connection, with terminals of two sizes."""
    telling = two_sessions()
    handed = [e.what for e in telling.history if isinstance(e.what, Handed)]
    bodies = [what.data.replace(b'"run"', b'"run%d"' % n) for n, what in enumerate(handed, 1)]
    if mixed:
        bodies[0] += b'[0.2,"o","output of s2\\n"]\n'
    opened = [e for e in telling.history if type(e.what).__name__ == "SessionOpened"]
    edits = [
        change(Handed, {"data": body}, connection=what.connection)
        for body, what in zip(bodies, handed, strict=True)
    ]
    edits += [
        change(type(e.what), {"command": f"run{n}"}, session=getattr(e.what, "session", ""))
        for n, e in enumerate(opened, 1)
    ]
    states = [
        add("server", Entered(session=f"x/{n}", state=state))
        for n in (0, 1)
        for state in (*STREAMING, S.SESSION_COMPLETE)
    ]
    expect = tuple(
        msgspec.structs.replace(e, shows=(f"output of {e.session}",))
        for e in telling.scenario.expect
    )
    return telling.but(*edits, *states, expect=expect)


GREEN = "grün\n".encode()
OUT = b'[0.1,"o","one\\n"]\n'
LINE = b'["one\\n"]\n' + OUT
ODD = b"a\xff\xfeb\n"


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("events-14", session(("o", "one\n"), shown=b"one\n"), P),
        ("events-14", session(("out", "one\n"), shown=b"one\n"), F),
        ("events-14", session(("o", "one\n"), ("m", "one\n"), shown=b"one\n"), P),
        ("events-14", session(("r", "80x24"), shown=b""), None),
        (
            "events-14",
            session(("out", "one\n"), shown=b"one\n").but(add("user", HungUp(session="s1"))),
            None,
        ),
        (
            "events-14",
            session(("o", "one\n"), shown=b"one\n").but(change(Handed, {"data": LINE}, data=OUT)),
            P,  # a line that is no event has no code: events-2 says that it is none
        ),
        ("streaming-17", session(("o", "grün\n"), shown=GREEN), P),
        ("streaming-17", session(("o", "gr\ufffd"), ("o", "\ufffdn\n"), shown=GREEN), W),
        ("streaming-17", session(("o", "one\n"), shown=b"one\n"), None),
        ("streaming-18", session(("o", "a\ufffd\ufffdb\n"), shown=ODD), P),
        ("streaming-18", session(("o", "a\ufffdb\n"), shown=ODD), P),
        ("streaming-18", session(("o", "ab\n"), shown=ODD), W),
        ("streaming-18", session(("o", "\ufffd\n"), shown=ODD), W),
        ("streaming-18", session(("o", "one\n"), shown=b"one\n"), None),
        ("streaming-19", session(("o", "one end"), shown=b"one end", shows=("one", "end")), P),
        ("streaming-19", session(("o", "one"), shown=b"one end", shows=("one", "end")), F),
        ("streaming-19", session(("o", "one"), shown=b"one", shows=("one", "end")), F),
        ("streaming-19", session(("o", "end"), shown=b"end", shows=("one", "end")), None),
        ("streaming-19", session(("o", "one"), shown=b"one", shows=("end",)), None),
        ("streaming-19", terminated(), None),
        ("streaming-15", together(mixed=False), P),
        ("streaming-15", together(mixed=True), F),
        ("streaming-15", together(mixed=False).but(drop(Handed, connection="rec1#0")), F),
        ("streaming-15", recorded(), None),
        ("streaming-16", transfer(), P),
        ("streaming-16", transfer(recorded_too=True), F),
        ("streaming-16", transfer().from_outside(), P),
        ("streaming-16", transfer(recorded_too=True).from_outside(), F),
        ("streaming-16", beside_another(transfer()), P),
        ("streaming-16", beside_another(transfer(recorded_too=True)), F),
        # Nothing tells whose a recording is.
        ("streaming-16", beside_another(transfer(recorded_too=True)).from_outside(), K),
        ("streaming-16", recorded(), None),
        ("privacy-3", typing(recorded(), "secret\n"), P),
        ("privacy-3", typing(session(("i", "x"), shown=b""), "y\n"), F),
        ("privacy-3", typing(session(("o", "secret\n"), shown=b""), "secret\n"), F),
        ("privacy-3", typing(session(("m", "secret\n"), shown=b"one"), "secret\n"), F),
        ("privacy-3", typing(session(("o", "x"), shown=b"x"), "x"), P),
        ("privacy-3", recorded(), None),
        ("privacy-3", typing(not_recorded(), "secret\n"), None),
    ],
)
def test_screens(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_what_is_transferred_is_no_output() -> None:
    judged = transfer(recorded_too=True).judged()
    assert status_of("streaming-1", judged) is None
    assert status_of("failure-3", judged) is None


def test_a_last_line_without_its_end_is_not_lost() -> None:
    telling = session(("o", "one\n"), shown=b"one\n")
    body = [e.what.data for e in telling.history if isinstance(e.what, Handed)]
    cut = telling.but(change(Handed, {"data": body[1].rstrip(b"\n")}, data=body[1]))
    judged = cut.judged()
    assert status_of("streaming-1", judged) is P
    assert status_of("file-3", judged) is F
