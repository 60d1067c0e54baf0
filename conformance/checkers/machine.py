"""States against the table, and against what the scenario calls for."""

from __future__ import annotations

from conformance.checking import Findings, checks
from conformance.machine import State, replay
from conformance.sessions import SessionView, View

_ENDS = frozenset({State.SESSION_COMPLETE, State.SESSION_REJECTED, State.SESSION_TERMINATED})


@checks("machine-1", "machine-2", "machine-3")
def states(view: View, out: Findings) -> None:
    """Replay each session's reported states."""
    for session in view.sessions.values():
        _legal(session, out)
        if session.server is None:
            continue
        why = view.let_down(session)
        if why:
            out.unseen("machine-2", why, session=session.name)
        else:
            _called_for(session, out)
            _attempts(view, session, out)


def _attempts(view: View, session: SessionView, out: Findings) -> None:
    """Hold the attempts that the server reports against those that are called for."""
    made = [
        (view.addresses.get(a.recorder, a.recorder), bool(a.failure)) for a in session.attempted
    ]
    wanted = [(attempt.recorder, attempt.failed) for attempt in session.expect.attempts]
    out.expect(
        "machine-2",
        made == wanted,
        "other recorders were tried, or with another outcome, than was called for",
        f"tried (recorder, failed): {made}",
        f"expected: {wanted}",
        session=session.name,
    )


def _legal(session: SessionView, out: Findings) -> None:
    name, path = session.name, session.path
    if session.server is None:
        for clause in ("machine-1", "machine-2", "machine-3"):
            out.unseen(clause, "the server reports no states", session=name)
        return
    ended = bool(path) and path[-1] in _ENDS
    illegal = replay(path, ended=ended)
    out.expect("machine-1", illegal is None, str(illegal), " -> ".join(path), session=name)
    ends = sum(state in _ENDS for state in path)
    whole = (ends == 1 and ended and not session.aborted) or (ends == 0 and session.aborted)
    out.expect(
        "machine-3",
        whole and session.left,
        f"the session ended {ends} times, was {'' if session.aborted else 'not '}left by its user"
        f" while choosing, and is {'over' if session.left else 'not over'} on the server",
        " -> ".join(path),
        session=name,
    )


def _called_for(session: SessionView, out: Findings) -> None:
    path, name = session.path, session.name
    out.expect(
        "machine-2",
        path == session.expect.path and session.aborted == session.expect.aborted,
        "the session took another path than the one that was called for",
        "took: " + " -> ".join(path),
        "expected: " + " -> ".join(session.expect.path),
        session=name,
    )
