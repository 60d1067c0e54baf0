"""Failure actions: what the user sees and how the session ends (protocol section 5)."""

from __future__ import annotations

import itertools

from conformance.checking import Findings, checks
from conformance.history import Shown
from conformance.machine import State
from conformance.scenario import Expectation
from conformance.sessions import NO_REPORT, NOBODY_EXPECTS, ONE_STREAM, SessionView, View
from conformance.wire import REJECTED_EXIT_STATUS


def _failed_to_start(session: SessionView) -> bool:
    """Tell whether no recorder took the recording, by the server's report or from outside."""
    required = session.action is not None and session.action.recording_required
    took = any(not attempt.failure for attempt in session.attempted)
    return (
        required
        and not took
        and not session.aborted
        and session.plan.run != "sftp"
        and State.RECORDING_FAILED in session.path
    )


def _lost(session: SessionView) -> bool:
    return State.CONNECTION_LOST in session.path


def _exited_before_loss(session: SessionView) -> bool:
    """Tell whether the command had exited when the recording was lost (D12)."""
    return (
        session.command_exited is not None
        and session.exit is not None
        and session.exit.status == session.command_exited.status
        and not session.saw_termination
    )


def _body_ended_first(session: SessionView) -> bool:
    """Tell whether the client ended the recording, and the user saw no message."""
    ended = session.upload is not None and session.upload.body_ended
    return ended and not session.saw_termination


def _called_to(state: State, view: View, session: SessionView) -> bool:
    """Tell whether the scenario has a failure action end the session of a server that is not ours.

    One that does it wrongly may leave nothing by which its path could be told. What its user must
    see is known all the same.
    """
    expect = session.expect
    if session.server is not None or expect is None or session.hung_up:
        return False
    # A number is the status of a command that has ended before its recording was lost (D12).
    ended = expect.exit == "nonzero" if state is State.SESSION_TERMINATED else expect.exit != "none"
    return state in expect.path and ended and not view.let_down(session)


@checks("streaming-5", "failure-1", "failure-2")
def as_called_for(view: View, out: Findings) -> None:
    """Hold what each user saw and was told against what the scenario calls for."""
    for session in view.sessions.values():
        expect, clause = session.expect, "streaming-5"
        if expect is None:
            out.unseen(clause, NOBODY_EXPECTS, session=session.name)
            continue
        if State.SESSION_REJECTED in expect.path:
            clause = "failure-1"
        elif State.SESSION_TERMINATED in expect.path and expect.exit != 0:
            clause = "failure-2"
        why = view.let_down(session)
        if why:
            out.unseen(clause, why, session=session.name)
            continue
        if session.refused:
            continue  # that is policy-12's
        wrong = otherwise_than_called_for(session)
        out.expect(
            clause,
            not wrong,
            "the user did not see what the scenario calls for",
            *wrong,
            session=session.name,
        )


def otherwise_than_called_for(session: SessionView) -> tuple[str, ...]:
    """Say what its user did not see as the scenario calls for; nothing when all was as it must."""
    expect = session.expect
    assert expect is not None
    seen = session.shown_bytes()
    missing = [text for text in expect.shows if text.encode() not in seen]
    wrong = [text for text in expect.hides if text.encode() in seen]
    status = session.exit.status if session.exit else None
    if not missing and not wrong and _exit_fits(session, expect) and not session.gave_up:
        return ()
    return (
        f"not shown: {missing}, wrongly shown: {wrong}",
        f"waited in vain for: {[gave_up.waiting_for for gave_up in session.gave_up]}",
        f"exit status: {status}, must be {expect.exit}",
        f"seen: {seen[-200:]!r}",
    )


def _exit_fits(session: SessionView, expect: Expectation) -> bool:
    expected, seen = expect.exit, session.exit
    if expected == "none":
        return True
    if seen is None:
        return False
    return seen.status != 0 if expected == "nonzero" else seen.status == expected


@checks("failure-1", "failure-4", "failure-5")
def at_the_start(view: View, out: Findings) -> None:
    """No recorder could be started."""
    for session in view.sessions.values():
        if not _failed_to_start(session) or session.hung_up:
            called = _called_to(State.SESSION_REJECTED, view, session)
            if session.reject_message and called and not session.path:
                _rejected(session, out)
            continue
        if session.reject_message:
            _rejected(session, out)
        else:
            _allowed(session, "failure-5", out)


def _rejected(session: SessionView, out: Findings) -> None:
    status = session.exit.status if session.exit else None
    seen = session.shown_bytes()
    right = seen == session.rejection and session.shown_bytes("stderr") == b""
    out.expect(
        "failure-1",
        right and session.command_started is None and status != 0 and session.exit is not None,
        "the session was not refused as it must be",
        f"seen: {seen!r}",
        f"must be seen: {session.rejection!r}",
        f"command started: {session.command_started is not None}, exit status: {status}",
        session=session.name,
    )
    if session.exit is not None:
        out.expect(
            "failure-4",
            status == REJECTED_EXIT_STATUS,
            f"the exit status is {status}",
            session=session.name,
        )


def _allowed(session: SessionView, clause: str, out: Findings) -> None:
    if session.hung_up:
        return
    command = session.command_exited.status if session.command_exited else None
    status = session.exit.status if session.exit else None
    messages = [m for m in (session.reject_message, session.terminate_message) if m]
    undisturbed = not any(m.encode() in session.shown_bytes() for m in messages)
    ran = session.server is None or (
        session.command_started is not None and session.command_exited is not None
    )
    same = status == command if command is not None and command >= 0 else session.exit is not None
    shows = session.expect.shows if session.expect is not None else ()
    missing = [text for text in shows if text.encode() not in session.shown_bytes()]
    out.expect(
        clause,
        ran and same and undisturbed and not missing and not session.gave_up,
        "the session did not run on as if nothing had happened",
        f"command's status: {command}, user's: {status}, not shown: {missing}",
        f"seen: {session.shown_bytes()[-200:]!r}",
        session=session.name,
    )


@checks("failure-2", "failure-6", "failure-7", "failure-8")
def while_streaming(view: View, out: Findings) -> None:
    """A recording was lost."""
    for session in view.sessions.values():
        called = _called_to(State.SESSION_TERMINATED, view, session)
        if not _lost(session):
            if session.terminate_message and called and not session.path:
                _terminated(session, out)
            continue
        if session.server is None and _body_ended_first(session) and not called:
            why = f"{NO_REPORT}: the command may have exited before the loss"
            out.unseen("failure-2", why, session=session.name)
            out.unseen("failure-8", why, session=session.name)
            continue
        if _exited_before_loss(session):
            out.held("failure-8")
        elif session.command_exited_first and not view.let_down(session):
            _standing(session, out)
        elif session.server is None:
            out.unseen("failure-8", NO_REPORT, session=session.name)
        if session.terminate_message:
            first = session.command_exited_first
            if not _exited_before_loss(session) and not first and not session.hung_up:
                _terminated(session, out)
        else:
            _allowed(session, "failure-6", out)


def _standing(session: SessionView, out: Findings) -> None:
    status = session.exit.status if session.exit else None
    assert session.command_exited is not None
    out.expect(
        "failure-8",
        status == session.command_exited.status,
        f"the command exited {session.command_exited.status}, the user was told {status}",
        session=session.name,
    )


def _terminated(session: SessionView, out: Findings) -> None:
    status = session.exit.status if session.exit else None
    shown = [e.what for e in session.shown if isinstance(e.what, Shown)]
    stderr = session.shown_bytes("stderr")
    after = list(itertools.takewhile(lambda s: s.stream != "stderr", reversed(shown)))
    ended = session.closed and (session.exit is None or status != 0)
    if session.program:
        after = []  # nobody knows what came after it
        out.unseen("failure-2", ONE_STREAM, session=session.name)
    out.expect(
        "failure-2",
        session.saw_termination and not after and ended,
        "the session was not terminated as it must be",
        f"stderr: {stderr[-200:]!r}",
        f"must end with: {session.termination!r}",
        f"output after it: {b''.join(s.data for s in reversed(after))!r}; exit status: {status};"
        f" closed: {session.closed}",
        session=session.name,
    )
    if session.server is None:
        out.unseen("failure-7", NO_REPORT, session=session.name)
        return
    out.expect(
        "failure-7",
        session.left and session.command_exited is not None,
        "the command, or something that it started, was not ended",
        session=session.name,
    )
