"""Who is let in, and by which of several actions: what the control plane answered decides.

What the control plane served is its own observation; the server's claim of the action that counts
is held against it, never the other way round.
"""

from __future__ import annotations

from collections.abc import Collection

from conformance.checking import Findings, checks
from conformance.history import ActionServed, UserConnected
from conformance.sessions import SessionView, View
from conformance.wire import OnRecordingFailure, SSHAction


def served_to(view: View, session: SessionView) -> list[SSHAction]:
    """Return the actions that were answered for a session's connection, in order.

    Connections of one peer cannot be told apart: with several of them there is nothing to return.
    """
    return [answer.action for answer in answered_to(view, session)]


def answered_to(view: View, session: SessionView) -> list[ActionServed]:
    """Return the answers for a session's connection, as `served_to` does their actions."""
    connected = [e.what for e in view.of("user") if isinstance(e.what, UserConnected)]
    if len(connected) != 1 or session.opened is None:
        return []
    host = connected[0].peer.rpartition(":")[0]
    return [answer for answer in view.served if answer.peer == host]


def _ran(session: SessionView) -> bool:
    """Tell whether a session came to anything, by the server's report or for its user."""
    return session.command_started is not None or bool(session.shown_bytes("stdout"))


@checks("policy-12")
def refused(view: View, out: Findings) -> None:
    """Nobody gets a session whom the control plane's answer rejects."""
    for session in view.sessions.values():
        actions = served_to(view, session)
        if not actions or not actions[-1].reject:
            continue
        status = session.exit.status if session.exit is not None else None
        out.expect(
            "policy-12",
            not _ran(session) and session.name not in view.ran and status != 0,
            "no rule let the user in, and the session was not refused",
            f"command started: {session.command_started is not None}, exit status: {status}",
            f"seen: {session.shown_bytes()[-200:]!r}",
            session=session.name,
        )


@checks("policy-14")
def held(view: View, out: Findings) -> None:
    """A user who is on hold gets in only by an action that accepts."""
    for session in view.sessions.values():
        actions = served_to(view, session)
        if not any(action.hold_and_delegate for action in actions):
            continue
        out.expect(
            "policy-14",
            not actions[-1].hold_and_delegate or not _ran(session),
            "the user was put on hold, and let in before an action said so",
            *actions,
            session=session.name,
        )


@checks("policy-15")
def followed(view: View, out: Findings) -> None:
    """Of several actions the last counts when it lists recorders, else the first."""
    for session in view.sessions.values():
        actions = served_to(view, session)
        if len(actions) < 2 or actions[-1].hold_and_delegate or session.action is None:
            continue
        if session.server is None:
            listed = (actions[-1] if actions[-1].recorders else actions[0]).recorders or ()
            strange = _dialled_beside(view, listed)
            out.expect(
                "policy-15",
                not strange,
                "a recorder was dialled that the actions do not list, as they count",
                strange,
                session=session.name,
            )
            continue
        counts = actions[-1] if actions[-1].recorders else actions[0]
        wanted, took = _part(counts), _part(session.action)
        out.expect(
            "policy-15",
            took == wanted,
            "of several actions another one's recorders or failure action were taken",
            f"taken: {took}",
            f"right: {wanted}",
            session=session.name,
        )


def _dialled_beside(view: View, listed: Collection[str]) -> list[str]:
    """Return the addresses of recorders that were dialled, and are not on the list."""
    dialled = {getattr(event.what, "recorder", "") for event in view.dialled}
    return sorted(a for a, node in view.addresses.items() if node in dialled and a not in listed)


@checks("policy-13")
def first_rule(view: View, out: Findings) -> None:
    """Of the rules that an SSH server was sent, the first that matches has the action."""
    for session in view.sessions.values():
        answers = answered_to(view, session)
        if len(answers) != 1 or session.action is None:
            continue
        asked = answers[0]
        actions = [r.action for r in asked.rules if r.matches(asked.source, asked.ssh_user)]
        if len({_part(action) for action in actions}) < 2:
            continue  # whichever is taken, it is the same
        first = actions[0]
        if session.server is None:
            listed = first.recorders or ()
            if all(set(action.recorders or ()) <= set(listed) for action in actions):
                out.unseen("policy-13", "the rules name the same recorders", session=session.name)
                continue
            strange = _dialled_beside(view, listed)
            right, evidence = not strange, f"dialled: {strange}"
        else:
            right, evidence = _part(session.action) == _part(first), f"taken: {session.action}"
        out.expect(
            "policy-13",
            right,
            "another rule's action was taken than that of the first that matches",
            evidence,
            f"right: {first}",
            session=session.name,
        )


def _part(action: SSHAction) -> tuple[tuple[str, ...], OnRecordingFailure | None]:
    """Return of an action what counts for recording."""
    return action.recorders or (), action.on_recording_failure
