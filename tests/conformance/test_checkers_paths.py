"""Which way a session goes: each arrow that an action or a loss decides."""

from __future__ import annotations

import pytest

from conformance.history import (
    Aborted,
    AnswerEnded,
    Attempted,
    CommandRan,
    CommandStarted,
    Entered,
    Left,
    PolicyApplied,
)
from conformance.judgement import Status
from conformance.machine import State
from conformance.wire import OnRecordingFailure, SSHAction
from tests.conformance.histories import (
    BOTH,
    NEITHER,
    STREAMING,
    Story,
    Telling,
    aborted,
    add,
    allowed,
    change,
    continued,
    drop,
    failed_over,
    lost_after_exit,
    not_recorded,
    recorded,
    rejected,
    status_of,
    terminated,
)

S = State
F, P, K, W = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN


def entered(state: State) -> Entered:
    return Entered(session="conn-1/0", state=state)


def acting(telling: Telling, *messages: str, recorders: tuple[str, ...] | None = ()) -> Telling:
    """Let another action count."""
    reject, terminate = messages
    failure = OnRecordingFailure(
        reject_session_with_message=reject, terminate_session_with_message=terminate
    )
    action = SSHAction(accept=True, recorders=recorders, on_recording_failure=failure)
    return telling.but(change(PolicyApplied, {"action": action}))


def nobody_to_try(*states: State) -> Telling:
    """Recording is required, and no recorder is listed."""
    s = Story(recorders=(), record=(), on_failure=BOTH)
    s.connect()
    s.enter(S.CONNECTING, S.CHECK_POLICY, *states)
    s.show("Refused.\r\n")
    s.told(254)
    s.leave()
    path = (S.CONNECTING, S.CHECK_POLICY, *states)
    return s.end(path, exit="nonzero")


NOBODY = nobody_to_try(
    S.FIND_RECORDER, S.TRY_PRIMARY, S.TRY_FAILOVER, S.RECORDING_FAILED, S.SESSION_REJECTED
)
AT_ONCE = nobody_to_try(S.FIND_RECORDER, S.RECORDING_FAILED, S.SESSION_REJECTED)
NONE = nobody_to_try(S.NO_RECORDING, S.SESSION_COMPLETE)
SFTP_UNRECORDED = not_recorded(run="sftp")


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("machine-4", not_recorded(), P),
        (
            "machine-4",
            not_recorded().but(change(Entered, {"state": S.FIND_RECORDER}, state=S.NO_RECORDING)),
            F,
        ),
        ("machine-4", recorded(), None),
        ("machine-4", SFTP_UNRECORDED, None),
        ("policy-16", recorded(), P),
        ("policy-16", NOBODY, P),
        ("policy-16", NONE, W),
        ("policy-16", not_recorded(), None),
        ("machine-5", failed_over(), P),
        ("machine-5", recorded(), P),
        ("machine-5", failed_over().but(drop(Entered, state=S.TRY_FAILOVER)), F),
        ("machine-5", failed_over().from_outside(), K),
        ("machine-5", NOBODY, None),
        ("machine-6", allowed(), P),
        ("machine-6", allowed().but(drop(Entered, state=S.TRY_FAILOVER)), F),
        ("machine-6", allowed().from_outside(), K),
        ("machine-6", rejected(), None),  # two were listed
        ("machine-7", NOBODY, P),
        ("machine-7", AT_ONCE, W),
        (
            "machine-7",
            NOBODY.but(add("server", Attempted(session="conn-1/0", recorder="a:80", failure="x"))),
            W,
        ),
        ("machine-7", NOBODY.from_outside(), K),
        ("machine-7", rejected(), None),
        ("machine-8", rejected(), P),
        ("machine-8", allowed(), P),
        ("machine-8", acting(rejected(), "", "Lost."), F),
        ("machine-8", acting(allowed(), "Refused.", ""), F),
        ("machine-8", recorded(), None),
        ("machine-9", terminated(), P),
        ("machine-9", continued(), P),
        ("machine-9", acting(terminated(), "Refused.", ""), F),
        ("machine-9", acting(continued(), "", "Lost."), F),
        ("machine-9", terminated().but(drop(Entered, state=S.SESSION_TERMINATED)), None),
        ("machine-9", recorded(), None),
        ("machine-11", aborted(), P),
        ("machine-11", aborted().but(drop(Aborted)), W),
        ("machine-11", aborted().but(drop(Left)), W),
        (
            "machine-11",
            aborted().but(add("server", CommandStarted(session="conn-1/0", recorded=False))),
            W,
        ),
        ("machine-11", aborted().but(add("world", CommandRan(session="s1", ran_at=1))), W),
        ("machine-11", aborted().from_outside(), K),
        ("machine-11", recorded(), None),
        ("machine-12", lost_after_exit(), P),
        ("machine-12", lost_after_exit().but(drop(Entered, state=S.CONNECTION_LOST)), W),
        ("machine-12", recorded(), None),
        ("machine-12", recorded(speaks="v1").but(drop(AnswerEnded)), None),
        ("machine-12", terminated(), None),
    ],
)
def test_paths(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_who_leaves_nothing_behind_is_judged_also_without_the_servers_word() -> None:
    path = (*STREAMING, S.SESSION_COMPLETE)
    gone_on = recorded(on_failure=NEITHER).expecting(aborted=True, path=path[:4])
    assert status_of("machine-11", gone_on.judged()) is W
