"""Failure notices, as the control plane received them (protocol section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from conformance.checking import Findings, checks
from conformance.inference import connection_of, notice_due
from conformance.machine import State
from conformance.sessions import NO_REPORT, SessionView, View

_CLAUSES = ("notice-1", "notice-2", "notice-3", "notice-4")


class _Attempt(msgspec.Struct, rename="pascal"):
    recorder: str
    failure_message: str | None = None


class _Notice(msgspec.Struct, rename="pascal"):
    event_type: int
    connection_id: str = msgspec.field(name="ConnectionID")
    cap_version: int
    node_key: str
    src_node: int
    ssh_user: str = msgspec.field(name="SSHUser")
    local_user: str
    recording_attempts: list[_Attempt]


@checks(*_CLAUSES)
def notices(view: View, out: Findings) -> None:
    """Give each notice to its connection, and hold it against what the session calls for."""
    if "control" in view.struck:
        _all_unseen("the control plane was disturbed", out)
        return
    read = _read(view, out)
    unread = len(view.notices) - len(read)
    joined = _by_connection(view, read)
    if joined is None:
        _all_unseen(f"{NO_REPORT}: notices cannot be given to sessions", out, but="notice-4")
        return
    received: dict[str, list[_Notice]] = {}
    for notice in read:
        received.setdefault(notice.connection_id, []).append(notice)
    for connection, sessions in joined.items():
        came = received.pop(connection, [])
        why = next(filter(None, (_unjudged(view, session) for session in sessions)), "")
        if why:
            out.unseen("notice-1", why)
        else:
            _connection(view, sessions, came, unread, out)
    for connection, strays in received.items():
        out.broken("notice-1", f"{len(strays)} notices of an unknown connection", connection)


def _all_unseen(why: str, out: Findings, but: str = "") -> None:
    for clause in _CLAUSES:
        if clause != but:
            out.unseen(clause, why)


def _read(view: View, out: Findings) -> list[_Notice]:
    read = []
    for notice in view.notices:
        try:
            read.append(msgspec.json.decode(notice.body, type=_Notice))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            out.broken("notice-4", f"a notice is not what it must be: {error}", notice.body)
        else:
            out.held("notice-4")
    return read


def _by_connection(view: View, read: list[_Notice]) -> dict[str, list[SessionView]] | None:
    """Return the sessions of each connection ID; None when they cannot be told.

    Where no server says which ID is whose, recordings do; without one, all notices belong to the
    only connection that there is.
    """
    names = {session.name: connection_of(session) for session in view.sessions.values()}
    if not all(names.values()):
        opened = {s.opened.connection for s in view.sessions.values() if s.opened}
        if len(opened) > 1:
            return None
        known = {*filter(None, names.values()), *(notice.connection_id for notice in read)}
        if len(known) > 1:
            return None
        names = dict.fromkeys(names, known.pop() if known else "")
    found: dict[str, list[SessionView]] = {}
    for session in view.sessions.values():
        found.setdefault(names[session.name], []).append(session)
    return found


def _unjudged(view: View, session: SessionView) -> str:
    """Say why nothing is known of the notices that are due for a session, or nothing."""
    if session.expect is not None:
        return view.let_down(session)
    return session.path_unknown or ("" if session.action else "the action is not known")


def _due(session: SessionView) -> tuple[int, ...]:
    """Return the types that are due: the scenario's, or else what the session's path calls for."""
    if session.expect is not None:
        return session.expect.notices
    due = notice_due(session.path)
    listed = session.action.recorders if session.action is not None else ()
    tried = bool(session.attempted if session.server else listed)
    return (due,) if due and session.notify and tried else ()


def _connection(
    view: View, sessions: list[SessionView], received: list[_Notice], unread: int, out: Findings
) -> None:
    due = [(kind, session) for session in sessions for kind in _due(session)]
    name = ", ".join(session.name for session in sessions)
    if not due and not received and not any(session.notify for session in sessions):
        return
    out.expect(
        "notice-1",
        # One that cannot be read, which is notice-4's, may have been any that is missing.
        len(received) <= len(due) <= len(received) + unread,
        f"{len(received)} notices came, {len(due)} were due",
        [notice.event_type for notice in received],
        session=name,
    )
    if not received:
        return
    types = [n.event_type for n in received]
    due_types = [kind for kind, _ in due]
    if due:  # one that is not due at all has no right type either: notice-1 says it
        out.expect(
            "notice-2",
            _fit(types, due_types),
            "notices of the wrong type came",
            f"came: {sorted(types)}",
            f"due: {sorted(due_types)}",
            session=name,
        )
    hidden = next(filter(None, map(_hidden_attempts, sessions)), "")
    if hidden:
        out.unseen("notice-3", hidden, session=name)
        return
    if not due:
        return
    wanted = [_attempts(view, session) for _, session in due]
    came = [
        tuple((a.recorder, bool(a.failure_message)) for a in n.recording_attempts) for n in received
    ]
    out.expect(
        "notice-3",
        _fit(came, wanted),
        "a notice does not list the attempts as they were",
        f"came (recorder, failed): {came}",
        f"due: {wanted}",
        session=name,
    )


def _fit(came: Sequence[Any], due: Sequence[Any]) -> bool:
    """Tell whether what came is what was due, but for one that came too often or not at all.

    How many must come is notice-1's alone.
    """
    if len(came) == len(due):
        return sorted(came) == sorted(due)
    return set(came) <= set(due)


def _hidden_attempts(session: SessionView) -> str:
    """Say why it is not known which recorders were tried, or nothing."""
    if session.server is not None:
        return ""
    expect = session.expect
    if expect is None:
        return NO_REPORT
    listed = session.action.recorders if session.action is not None else None
    if len(expect.attempts) < len(listed or ()) and all(a.failed for a in expect.attempts):
        return f"{NO_REPORT}, and how many recorders it tries in its time is its own to choose"
    return ""


def _attempts(view: View, session: SessionView) -> tuple[tuple[str, bool], ...]:
    """Return (recorder, failed) in order; on a loss the last one has failed too.

    A server that reports nothing must have tried what the scenario calls for.
    """
    if session.server is None and session.expect is not None:
        address = {node: address for address, node in view.addresses.items()}
        called_for = session.expect.attempts
        lost = State.CONNECTION_LOST in session.expect.path
        return tuple(
            (address.get(a.recorder, a.recorder), a.failed or (lost and a is called_for[-1]))
            for a in called_for
        )
    lost = State.CONNECTION_LOST in session.path
    last = len(session.attempted) - 1
    return tuple(
        (attempt.recorder, bool(attempt.failure) or (lost and index == last))
        for index, attempt in enumerate(session.attempted)
    )
