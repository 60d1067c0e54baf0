"""States against the table, and against what the scenario calls for."""

from __future__ import annotations

from conformance.checking import Findings, checks
from conformance.machine import ENDS
from conformance.replay import explain
from conformance.sessions import NO_REPORT, NOBODY_EXPECTS, Inferred, Possible, SessionView, View

_REFUSED = "the policy lets nobody in: no session began"
_CLAUSES = ("machine-1", "machine-2", "machine-3")


@checks(*_CLAUSES)
def states(view: View, out: Findings) -> None:
    """Replay each session's states: reported, or as far as they can be told from outside."""
    for session in view.sessions.values():
        if session.server is None and session.refused:
            for clause in _CLAUSES:
                out.unseen(clause, _REFUSED, session=session.name)
            continue
        if session.server is None:
            _from_outside(view, session, out)
            continue
        _legal(session, out)
        if _judged(view, session, out):
            took = Possible(session.path, session.aborted)
            _called_for(session, (took,), out)
            _attempts(view, session, out)


def _judged(view: View, session: SessionView, out: Findings) -> bool:
    """Tell whether machine-2 can be judged; when not, say why."""
    why = NOBODY_EXPECTS if session.expect is None else view.let_down(session)
    if why:
        out.unseen("machine-2", why, session=session.name)
    return not why


def _legal(session: SessionView, out: Findings) -> None:
    name, path = session.name, session.path
    ended = bool(path) and path[-1] in ENDS
    wrong = explain(session.reports, ended=ended)
    out.expect(
        "machine-1",
        wrong is None,
        str(wrong),
        *(wrong.lines if wrong is not None else ()),
        session=name,
    )
    ends = sum(state in ENDS for state in path)
    whole = (ends == 1 and ended and not session.aborted) or (ends == 0 and session.aborted)
    out.expect(
        "machine-3",
        whole and session.left,
        f"the session ended {ends} times, was {'' if session.aborted else 'not '}left by its user"
        f" while choosing, and is {'over' if session.left else 'not over'} on the server",
        " -> ".join(path),
        session=name,
    )


def _called_for(session: SessionView, took: tuple[Possible, ...], out: Findings) -> None:
    """Hold what a session took, or can have taken, against the path that is called for."""
    assert session.expect is not None
    wanted = Possible(session.expect.path, session.expect.aborted)
    out.expect(
        "machine-2",
        wanted in took,
        "the session took another path than the one that was called for",
        *(f"took: {path}" for path in took),
        f"expected: {wanted}",
        session=session.name,
    )


def _attempts(view: View, session: SessionView, out: Findings) -> None:
    """Hold the attempts that the server reports against those that are called for."""
    assert session.expect is not None
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


def _from_outside(view: View, session: SessionView, out: Findings) -> None:
    """Judge by what is left to a session whose server says nothing."""
    inferred, name = session.inferred, session.name
    if inferred is None:
        for clause in _CLAUSES:
            out.unseen(clause, NO_REPORT, session=name)
    elif inferred.illegal:
        out.broken("machine-1", inferred.illegal, session=name)
        for clause in _CLAUSES[1:]:
            out.unseen(clause, inferred.illegal, session=name)
    else:
        _explained(view, session, inferred, out)


def _explained(view: View, session: SessionView, inferred: Inferred, out: Findings) -> None:
    only, name = inferred.only, session.name
    if only is None:
        out.unseen("machine-1", inferred.why, session=name)
        out.unseen("machine-3", inferred.why, session=name)
    else:
        out.held("machine-1")
        out.expect(
            "machine-3",
            only.aborted or (only.path[-1:] != () and only.path[-1] in ENDS),
            "the session did not end",
            str(only),
            session=name,
        )
    if not _judged(view, session, out):
        return
    wanted = session.expect and Possible(session.expect.path, session.expect.aborted)
    if only is None and (not inferred.paths or wanted in inferred.paths):
        out.unseen("machine-2", inferred.why, session=name)
    else:
        _called_for(session, inferred.paths, out)
