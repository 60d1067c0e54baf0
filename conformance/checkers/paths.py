"""Which way a session goes, arrow by arrow: what its action and what failed call for.

`machine-2` holds a whole path against the scenario's; here each sentence is judged for itself, by
the action that counts, so that it can be judged of a captured history too.
"""

from __future__ import annotations

from itertools import pairwise

from conformance.checking import Findings, checks
from conformance.history import Attempted, CommandStarted, Entered
from conformance.machine import State
from conformance.sessions import NO_REPORT, SessionView, View
from conformance.uploads import Upload

S = State
_NOTHING_TO_TRY = (S.FIND_RECORDER, S.TRY_PRIMARY, S.TRY_FAILOVER, S.RECORDING_FAILED)


def _after(session: SessionView, state: State) -> State | None:
    """Return the state that followed `state` first; None when none did, or it was never entered."""
    return next((after for before, after in pairwise(session.path) if before is state), None)


@checks("machine-4", "policy-16", "machine-8", "machine-9")
def by_the_action(view: View, out: Findings) -> None:
    """Three forks, and what decides at each: whether to record, to reject, to terminate."""
    for session in view.sessions.values():
        action = session.action
        if action is None or not session.path or session.plan.run == "sftp":
            continue
        taken = " -> ".join(session.path)
        first = _after(session, S.CHECK_POLICY)
        if first is not None:
            out.expect(
                "policy-16" if action.recording_required else "machine-4",
                first is (S.FIND_RECORDER if action.recording_required else S.NO_RECORDING),
                "recording is required, and none was tried"
                if action.recording_required
                else "recording is not required, and the session did not go by NoRecording",
                taken,
                action,
                session=session.name,
            )
        for clause, fork, message, ended, open_ in (
            (
                "machine-8",
                S.RECORDING_FAILED,
                session.reject_message,
                S.SESSION_REJECTED,
                S.SESSION_ALLOWED,
            ),
            (
                "machine-9",
                S.CONNECTION_LOST,
                session.terminate_message,
                S.SESSION_TERMINATED,
                S.CONTINUE_UNRECORDED,
            ),
        ):
            then = _after(session, fork)
            if then is not None:
                out.expect(
                    clause,
                    then is (ended if message else open_),
                    f"{fork} was followed by {then}, and the message is {message!r}",
                    taken,
                    session=session.name,
                )


@checks("machine-5", "machine-6", "machine-7")
def by_the_list(view: View, out: Findings) -> None:
    """The states of choosing against the list of recorders, as the server reports both."""
    for session in view.sessions.values():
        listed = session.action.recorders if session.action is not None else None
        if S.FIND_RECORDER not in session.path:
            continue
        if session.server is None:
            for clause in ("machine-5", "machine-6", "machine-7"):
                out.unseen(clause, NO_REPORT, session=session.name)
            continue
        taken = " -> ".join(session.path)
        tried = _states_of_attempts(session)
        if tried:
            wanted = [S.TRY_PRIMARY, *[S.TRY_FAILOVER] * (len(tried) - 1)]
            out.expect(
                "machine-5",
                tried == wanted,
                "an attempt was made in another state than that of its place in the list",
                f"states: {', '.join(map(str, tried))}",
                session=session.name,
            )
        if S.RECORDING_FAILED not in session.path:
            continue
        before = session.path[session.path.index(S.RECORDING_FAILED) - 1]
        if len(listed or ()) == 1:
            out.expect(
                "machine-6",
                before is S.TRY_FAILOVER,
                "the only recorder failed, and not by way of TryFailover",
                taken,
                session=session.name,
            )
        elif not listed:
            at = session.path.index(S.FIND_RECORDER)
            out.expect(
                "machine-7",
                session.path[at : at + 4] == _NOTHING_TO_TRY and not session.attempted,
                "there was nobody to try, and TryPrimary and TryFailover did not fail at once",
                taken,
                session=session.name,
            )


def _states_of_attempts(session: SessionView) -> list[State]:
    """Return the state in which each attempt was reported, in order."""
    state, found = S.CONNECTING, []
    for event in session.reports:
        if isinstance(event.what, Entered):
            state = event.what.state
        elif isinstance(event.what, Attempted):
            found.append(state)
    return found


@checks("machine-11")
def left_while_choosing(view: View, out: Findings) -> None:
    """A user who leaves while a recorder is chosen leaves nothing behind."""
    for session in view.sessions.values():
        called_for = session.expect is not None and session.expect.aborted
        if not session.aborted and not called_for:
            continue
        if session.server is None:
            out.unseen("machine-11", NO_REPORT, session=session.name)
            continue
        started = any(isinstance(event.what, CommandStarted) for event in session.reports)
        ran = session.name in view.ran
        out.expect(
            "machine-11",
            session.aborted and not started and not ran and session.left,
            "the user hung up while a recorder was being chosen, and the session went on",
            " -> ".join(session.path),
            f"aborted: {session.aborted}, command started: {started or ran}, over: {session.left}",
            session=session.name,
        )


def failed_after_exit(session: SessionView) -> Upload | None:
    """Return a session's upload if it failed once its body was ended; None if not, or not known.

    That the body was ended says that the command had exited.
    """
    upload = session.upload
    if upload is None or not upload.body_ended or upload.answer_ended_first:
        return None
    if upload.http != "2" and upload.final_status == 200:
        return None  # the status decides (v1-11); whoever does not read the text may hang up on it
    over = upload.gone_at is not None or upload.answer_ended_at is not None
    return upload if over and not (upload.clean and not upload.said_failure) else None


@checks("machine-12")
def lost_after_exit(view: View, out: Findings) -> None:
    """A recording that fails at its end is lost, and the session says so."""
    for session in view.sessions.values():
        upload = failed_after_exit(session)
        if upload is None or not session.path or session.command_exited is None:
            continue
        out.expect(
            "machine-12",
            S.CONNECTION_LOST in session.path,
            "the recording failed after its command had exited, and does not count as lost",
            " -> ".join(session.path),
            f"final status {upload.final_status}, the last answer: {upload.last_answer!r}",
            session=session.name,
        )
