"""Failure actions, sentence by sentence: when a command may run, and whom a failure touches."""

from __future__ import annotations

from conformance.checkers.failure import otherwise_than_called_for
from conformance.checking import Findings, checks
from conformance.history import (
    CommandStarted,
    Disconnected,
    Entered,
    Event,
    GaveUp,
    Shown,
)
from conformance.inference import connection_of
from conformance.machine import State
from conformance.sessions import NO_REPORT, SessionView, View
from conformance.uploads import Upload, header_line
from conformance.wire import SECOND

S = State
RAN_TOO_EARLY = SECOND
"""How much earlier than its recording a command must have run to be sure of it, in nanoseconds."""
_AS_GIVEN_UP = SECOND
"""Nanoseconds that an ending may take on its way to a user who is about to give up."""
_MAY_RUN = frozenset({S.STREAMING, S.SESSION_ALLOWED, S.NO_RECORDING})


def _lost(session: SessionView) -> bool:
    return S.CONNECTION_LOST in session.path


def _failed(session: SessionView) -> bool:
    return S.RECORDING_FAILED in session.path or _lost(session)


def _cut_short(session: SessionView) -> bool:
    """Tell whether the session ended by its failure action."""
    return bool({S.SESSION_REJECTED, S.SESSION_TERMINATED} & set(session.path))


@checks("failure-10")
def each_for_itself(view: View, out: Findings) -> None:
    """Where one message alone is set, it decides of its own moment alone."""
    for session in view.sessions.values():
        reject, terminate = session.reject_message, session.terminate_message
        if bool(reject) == bool(terminate) or not _failed(session):
            continue
        due = terminate if _lost(session) else reject
        other = reject if _lost(session) else terminate
        right = _cut_short(session) == bool(due)
        out.expect(
            "failure-10",
            right and not (other and other.encode() in session.shown_bytes()),
            "the message that was not set for this moment decided, or was shown",
            f"reject: {reject!r}, terminate: {terminate!r}",
            " -> ".join(session.path),
            session=session.name,
        )


@checks("failure-11")
def without_an_action(view: View, out: Findings) -> None:
    """Without a failure action a session fails open, and nobody hears of it."""
    for session in view.sessions.values():
        action = session.action
        if action is None or action.on_recording_failure is not None or not _failed(session):
            continue
        name = connection_of(session).encode()
        heard = [notice.body for notice in view.notices if name and name in notice.body]
        out.expect(
            "failure-11",
            not _cut_short(session) and not heard,
            "there is no failure action, and the session was ended, or its failure noticed",
            " -> ".join(session.path),
            heard,
            session=session.name,
        )


@checks("failure-12")
def with_nobody_listed(view: View, out: Findings) -> None:
    """Enforcement with nobody to record is still enforcement."""
    for session in view.sessions.values():
        action = session.action
        required = action is not None and action.recording_required and not action.recorders
        if not required or not session.reject_message or session.plan.run == "sftp":
            continue
        if not session.path:
            out.unseen("failure-12", session.path_unknown, session=session.name)
            continue
        out.expect(
            "failure-12",
            S.SESSION_REJECTED in session.path,
            "no recorder was listed, and the session was not rejected",
            " -> ".join(session.path),
            session=session.name,
        )


@checks("failure-13")
def runs_late_enough(view: View, out: Findings) -> None:
    """By the server's report, and by the marks that commands leave of when they ran."""
    for session in view.sessions.values():
        _reported_start(session, out)
        ran = view.ran.get(session.name)
        if ran is None or session.action is None or not session.action.recording_required:
            continue
        if S.SESSION_REJECTED in session.path:
            out.broken("failure-13", "the command of a rejected session ran", session=session.name)
        elif session.upload is not None and session.upload.opened_at is not None:
            early = session.upload.opened_at - ran
            out.expect(
                "failure-13",
                early < RAN_TOO_EARLY,
                f"the command ran {early / SECOND:.1f} s before a recorder took the recording",
                session=session.name,
            )


def _reported_start(session: SessionView, out: Findings) -> None:
    state = None
    for event in session.reports:
        if isinstance(event.what, Entered):
            state = event.what.state
        elif isinstance(event.what, CommandStarted):
            out.expect(
                "failure-13",
                state in _MAY_RUN,
                f"the command was started in {state}",
                session=session.name,
            )


def _broke_off(view: View, upload: Upload) -> int | None:
    """Return when the recorder broke an upload off that was under way, if it did."""
    if upload.body_ended:
        return None
    for event in view.of("network"):
        what = event.what
        if isinstance(what, Disconnected) and what.connection == upload.connection:
            return event.at if what.by == "recorder" else None
    return None


@checks("failure-14")
def also_when_idle(view: View, out: Findings) -> None:
    """A session that nobody uses just then is terminated like any other."""
    for session in view.sessions.values():
        upload = session.upload
        at = _broke_off(view, upload) if upload is not None else None
        if at is None or not session.terminate_message or session.command_exited_first:
            continue
        if S.CONTINUE_UNRECORDED in session.path:
            continue  # that nobody meant to terminate it is machine-9's
        told = session.saw_termination and session.closed and not session.gave_up
        waited_in_vain = any(g.waiting_for == "the end of the session" for g in session.gave_up)
        if waited_in_vain and _ended_just_then(view, session):
            continue
        if told and _quiet_since(session, at):
            out.held("failure-14")
        elif waited_in_vain:
            out.broken(
                "failure-14",
                "the recorder broke the recording off, the session stood still, and its user"
                " waited for its end in vain",
                session=session.name,
            )


def _ended_just_then(view: View, session: SessionView) -> bool:
    """Tell whether the server says that it was ending the session as its user gave it up."""
    ended = [
        event.at
        for event in session.reports
        if isinstance(event.what, Entered) and event.what.state is S.SESSION_TERMINATED
    ]
    return any(
        0 <= event.at - at < _AS_GIVEN_UP
        for event in view.of("user")
        if isinstance(event.what, GaveUp) and event.what.session == session.name
        for at in ended
    )


def _quiet_since(session: SessionView, at: int) -> bool:
    """Tell whether nothing but the message was shown for a while before the loss."""
    message = session.shown_bytes("stderr")
    pieces: list[Event] = [
        event
        for event in session.shown
        if isinstance(event.what, Shown)
        and not (event.what.stream == "stderr" and message.endswith(session.termination))
    ]
    return not pieces or at - pieces[-1].at >= SECOND // 2


@checks("failure-15")
def touches_its_own_alone(view: View, out: Findings) -> None:
    """Of the sessions of one connection only those suffer whose own recording failed."""
    by_connection: dict[str, list[SessionView]] = {}
    for session in view.sessions.values():
        if session.opened is not None:
            by_connection.setdefault(session.opened.connection, []).append(session)
    for sessions in by_connection.values():
        struck = [session for session in sessions if _called_to_fail(session) and _failed(session)]
        for session in sessions if struck else ():
            if session.expect is None or _called_to_fail(session) or view.let_down(session):
                continue
            wrong = otherwise_than_called_for(session)
            out.expect(
                "failure-15",
                not wrong,
                "a session was disturbed by the failed recording of another one",
                *wrong,
                f"failed: {', '.join(s.name for s in struck)}",
                session=session.name,
            )


def _called_to_fail(session: SessionView) -> bool:
    return session.expect is not None and bool(
        {S.CONNECTION_LOST, S.RECORDING_FAILED} & set(session.expect.path)
    )


@checks("failure-9")
def without_a_header(view: View, out: Findings) -> None:
    """A recorder that took the recording and then broke off before the header is a loss."""
    if len(view.sessions) != 1 or not view.planned:
        return
    (session,) = view.sessions.values()
    for upload in view.uploads:
        whole = header_line(upload.body).endswith(b"\n")
        at = _broke_off(view, upload)
        if whole or upload.opened_at is None or at is None or session.aborted:
            continue
        if not session.path:
            out.unseen("failure-9", session.path_unknown or NO_REPORT, session=session.name)
            continue
        out.expect(
            "failure-9",
            _lost(session),
            "the header could not be written, and that does not count as a lost recording",
            " -> ".join(session.path),
            upload.recorder,
            session=session.name,
        )
