"""Failure notices, as the control plane received them (protocol section 5)."""

from __future__ import annotations

import msgspec

from conformance.checking import Findings, checks
from conformance.machine import State
from conformance.sessions import SessionView, View


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


@checks("notice-1", "notice-2", "notice-3", "notice-4")
def notices(view: View, out: Findings) -> None:
    """Give each notice to its connection, and hold it against what the scenario calls for."""
    if any(plan.node == "control" for plan in view.scenario.faults):
        return
    if any(session.server is None for session in view.sessions.values()):
        return
    received: dict[str, list[_Notice]] = {}
    for notice in view.notices:
        try:
            read = msgspec.json.decode(notice.body, type=_Notice)
        except msgspec.MsgspecError as error:
            out.broken("notice-4", f"a notice is not what it must be: {error}", notice.body)
            continue
        out.held("notice-4")
        received.setdefault(read.connection_id, []).append(read)
    for connection, sessions in _by_connection(view).items():
        came = received.pop(connection, [])
        why = next(filter(None, map(view.let_down, sessions)), "")
        if why:
            out.unseen("notice-1", why)
        else:
            _connection(sessions, came, out)
    for connection, strays in received.items():
        out.broken("notice-1", f"{len(strays)} notices of an unknown connection", connection)


def _by_connection(view: View) -> dict[str, list[SessionView]]:
    found: dict[str, list[SessionView]] = {}
    for session in view.sessions.values():
        if session.server is not None:
            found.setdefault(session.server.connection_id, []).append(session)
    return found


def _connection(sessions: list[SessionView], received: list[_Notice], out: Findings) -> None:
    due = [(kind, session) for session in sessions for kind in session.expect.notices]
    name = ", ".join(session.name for session in sessions)
    if not due and not received and not any(session.notify for session in sessions):
        return
    out.expect(
        "notice-1",
        len(received) == len(due),
        f"{len(received)} notices came, {len(due)} were due",
        [notice.event_type for notice in received],
        session=name,
    )
    if not received:
        return
    out.expect(
        "notice-2",
        sorted(n.event_type for n in received) == sorted(kind for kind, _ in due),
        "notices of the wrong type came",
        f"came: {sorted(n.event_type for n in received)}",
        f"due: {sorted(kind for kind, _ in due)}",
        session=name,
    )
    wanted = sorted(_attempts(session) for _, session in due)
    came = sorted(
        tuple((a.recorder, bool(a.failure_message)) for a in n.recording_attempts) for n in received
    )
    out.expect(
        "notice-3",
        came == wanted,
        "a notice does not list the attempts as they were",
        f"came (recorder, failed): {came}",
        f"due: {wanted}",
        session=name,
    )


def _attempts(session: SessionView) -> tuple[tuple[str, bool], ...]:
    """Return (recorder, failed) in order; on a loss the last one has failed too."""
    lost = State.CONNECTION_LOST in session.path
    last = len(session.attempted) - 1
    return tuple(
        (attempt.recorder, bool(attempt.failure) or (lost and index == last))
        for index, attempt in enumerate(session.attempted)
    )
