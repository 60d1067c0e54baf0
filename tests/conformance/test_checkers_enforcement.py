"""Failure actions sentence by sentence, also where the server's own report hides it."""

from __future__ import annotations

import pytest

from conformance.history import (
    BodyEnded,
    CommandExited,
    CommandRan,
    CommandStarted,
    Entered,
    ExitSeen,
    GaveUp,
    Handed,
    NoticeReceived,
    PolicyApplied,
    SessionClosed,
    Shown,
)
from conformance.judgement import Status
from conformance.machine import State
from conformance.scenario import Expectation, OnFailure
from conformance.wire import SECOND, SSHAction
from tests.conformance.histories import (
    CHOOSING,
    MS,
    STREAMING,
    TERMINATE,
    Story,
    Telling,
    add,
    address,
    allowed,
    change,
    continued,
    drop,
    later,
    moved,
    recorded,
    rejected,
    status_of,
    terminated,
    two_sessions,
)
from tests.conformance.test_checkers_paths import NOBODY, NONE

S = State
F, P, K, W = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN
REJECT_ONLY = OnFailure(reject="Refused.")
TERMINATE_ONLY = OnFailure(terminate=TERMINATE)
PLAIN = SSHAction(accept=True, recorders=(address("rec1"),))


def without_action(telling: Telling) -> Telling:
    return telling.but(change(PolicyApplied, {"action": PLAIN}))


def shown(text: str) -> Shown:
    return Shown(session="s1", data=text.encode())


def ran(at: int) -> CommandRan:
    return CommandRan(session="s1", ran_at=at)


def idle(
    *, gave_up: bool = False, reported: State = S.SESSION_TERMINATED, after: float = 20.0
) -> Telling:
    """The recorder goes away while the session stands still."""
    s = Story()
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    s.wait(2)
    s.strike()
    s.gone("recorder", "reset")
    s.enter(S.CONNECTION_LOST, reported)
    if gave_up:
        s.wait(after)
        s.note("user", GaveUp(session="s1", waiting_for="the end of the session"))
    else:
        s.show(f"\r\n\r\n{TERMINATE}\r\n\r\n", "stderr")
        s.told(255)
    return s.end((*STREAMING, S.CONNECTION_LOST, S.SESSION_TERMINATED), exit="nonzero")


def without_header(*states: State) -> Telling:
    """The recorder takes the recording, and is gone before the header."""
    s = Story(on_failure=OnFailure())
    s.connect()
    s.enter(*CHOOSING)
    name = s.dial("rec1")
    s.request(name, 3, "POST", "/v2/record", "2", 200)
    s.upload = {"recorder": "rec1", "connection": name, "stream": 3}
    s.gone("recorder", "reset")
    s.enter(*states)
    return s.end((*CHOOSING, *states))


def neighbours(*, disturbed: bool) -> Telling:
    """Of two sessions on one connection the first one's recording fails."""
    telling = two_sessions()
    lost = (*STREAMING, S.CONNECTION_LOST, S.SESSION_TERMINATED)
    sound = (*STREAMING, S.SESSION_COMPLETE)
    edits = [add("server", Entered(session="x/0", state=state), before=BodyEnded) for state in lost]
    if disturbed:
        edits.append(change(ExitSeen, {"status": 255}, session="s2"))
    return telling.but(
        *edits,
        drop(BodyEnded, connection="rec1#0"),
        expect=(
            Expectation(session="s1", path=lost, exit="none"),
            Expectation(session="s2", path=sound),
        ),
    )


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("failure-10", rejected(on_failure=REJECT_ONLY), P),
        ("failure-10", terminated(on_failure=TERMINATE_ONLY), P),
        ("failure-10", allowed(on_failure=TERMINATE_ONLY), P),
        ("failure-10", continued(on_failure=REJECT_ONLY), P),
        ("failure-10", rejected(on_failure=TERMINATE_ONLY), F),
        ("failure-10", terminated(on_failure=REJECT_ONLY), F),
        (
            "failure-10",
            continued(on_failure=REJECT_ONLY).but(add("user", shown("Refused."))),
            F,
        ),
        ("failure-10", rejected(), None),  # both are set
        ("failure-10", recorded(on_failure=REJECT_ONLY), None),
        ("failure-11", without_action(allowed()).but(drop(NoticeReceived)), P),
        ("failure-11", without_action(continued()).but(drop(NoticeReceived)), P),
        ("failure-11", without_action(allowed()), F),
        ("failure-11", without_action(rejected()).but(drop(NoticeReceived)), F),
        ("failure-11", rejected(), None),
        ("failure-12", NOBODY, P),
        ("failure-12", NONE, W),
        ("failure-12", rejected(), None),
        ("failure-13", recorded(), P),
        ("failure-13", allowed(), P),
        ("failure-13", recorded().but(moved(CommandStarted, before=Entered)), F),
        (
            "failure-13",
            rejected().but(add("server", CommandStarted(session="conn-1/0", recorded=False))),
            F,
        ),
        ("failure-13", rejected(), None),
        ("failure-13", rejected().but(add("world", ran(1))), F),
        ("failure-13", recorded().but(add("world", ran(20 * MS))), P),
        ("failure-13", recorded().but(add("world", ran(20 * MS - 2 * SECOND))), F),
        ("failure-13", recorded().from_outside(), None),
        ("failure-14", idle(), P),
        ("failure-14", idle(gave_up=True), F),
        ("failure-14", idle(gave_up=True, after=1.1), F),
        ("failure-14", idle(gave_up=True, after=0.5), None),  # its end was on its way
        ("failure-14", idle(gave_up=True, reported=S.CONTINUE_UNRECORDED), None),
        ("failure-14", terminated(), None),  # it was not idle
        ("failure-14", recorded(), None),
        ("failure-15", neighbours(disturbed=False), P),
        ("failure-15", neighbours(disturbed=True), F),
        ("failure-15", two_sessions(), None),
        ("failure-9", without_header(S.CONNECTED, S.STREAMING, S.CONNECTION_LOST), P),
        ("failure-9", without_header(S.TRY_FAILOVER, S.RECORDING_FAILED), W),
        ("failure-9", recorded(), None),
        ("failure-9", terminated(), None),
    ],
)
def test_enforcement(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_a_mark_is_held_against_the_recording_not_against_the_report() -> None:
    early = recorded().but(add("world", ran(-2 * SECOND)))
    assert status_of("failure-13", early.judged()) is F
    assert status_of("failure-13", early.from_outside().judged()) is F


def test_a_loss_in_the_middle_of_the_header_is_one_too() -> None:
    telling = without_header(S.TRY_FAILOVER, S.RECORDING_FAILED)
    cut = add("user", Handed(recorder="rec1", connection="rec1#0", stream=3, data=b'{"ver'))
    assert status_of("failure-9", telling.but(cut).judged()) is W


def test_a_status_that_stands_is_no_termination() -> None:
    # Whoever had exited before the loss was not to be terminated: failure-2 says nothing of it.
    telling = (
        terminated()
        .expecting(exit=0)
        .but(change(CommandExited, {"status": 0}), change(ExitSeen, {"status": 1}))
    )
    judged = telling.judged()
    assert status_of("failure-8", judged) is F


def test_stderr_that_is_not_recorded_is_no_unrecorded_output() -> None:
    # D5: it is a SHOULD of its own, and never a broken MUST of enforcement.
    s = Story()
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    s.show("oops\n", "stderr")
    s.wait(1)
    s.write("two\n")
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    s.store("rec1")
    judged = s.end((*STREAMING, S.SESSION_COMPLETE), recording="complete", recorded_by="rec1")
    found = judged.judged()
    assert status_of("failure-3", found) is P
    assert status_of("streaming-3", found) is W
    late = judged.but(later(SessionClosed, 0.1)).judged()
    assert status_of("failure-3", late) is P
