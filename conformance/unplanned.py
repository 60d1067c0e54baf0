"""What was played, as far as a history alone can say it.

A history may come without its scenario: captured in production, or sent by someone. Who took part
stands in it; what should have come of it does not, so nothing is expected.
"""

from __future__ import annotations

from typing import Literal

from conformance.history import Addressed, History, Played, SessionOpened
from conformance.scenario import Pty, RecorderNode, Scenario, UserSession

_RECORDER = "recorder/"

_RUNS: dict[str, Literal["shell", "exec", "sftp"]] = {
    "shell": "shell",
    "exec": "exec",
    "sftp": "sftp",
}


def scenario_of(history: History) -> Scenario:
    """Build the least scenario that this history can be one of, without expectations.

    Recorders are the nodes that speak for themselves in it: of another one nothing says whether it
    was meant to misbehave.
    """
    played = next((e.what for e in history if isinstance(e.what, Played)), None)
    speaking = {e.observer for e in history if e.observer.startswith(_RECORDER)}
    nodes = dict.fromkeys(
        e.what.node
        for e in history
        if isinstance(e.what, Addressed) and f"{_RECORDER}{e.what.node}" in speaking
    )
    sessions = {e.what.session: e.what for e in history if isinstance(e.what, SessionOpened)}
    return Scenario(
        id=played.scenario if played is not None else "",
        title="a history without its scenario",
        recorders=tuple(RecorderNode(name=name) for name in nodes),
        sessions=tuple(map(_session, sessions.values())),
        expect=(),
    )


def _session(opened: SessionOpened) -> UserSession:
    return UserSession(
        name=opened.session,
        connection=opened.connection,
        run=_RUNS.get(opened.shell, "exec" if opened.command else "shell"),
        command=opened.command,
        pty=Pty(width=opened.width, height=opened.height, term=opened.term) if opened.pty else None,
    )
