"""What a header says of its session: terminal, command, TERM and connection (section 6)."""

from __future__ import annotations

from typing import Any

import msgspec

from conformance.checking import Findings, checks
from conformance.history import SessionOpened
from conformance.sessions import SessionView, View
from conformance.uploads import Header, header_line, header_of
from conformance.wire import DEFAULT_TERM


def _headed(view: View) -> list[tuple[SessionView, SessionOpened, Header]]:
    """Return the sessions that were opened and whose recording has a header that can be read."""
    found = []
    for session in view.sessions.values():
        header = header_of(session.upload) if session.upload is not None else None
        if session.opened is not None and header is not None:
            found.append((session, session.opened, header))
    return found


@checks("header-25", "header-26", "header-27")
def as_asked_for(view: View, out: Findings) -> None:
    """Hold terminal and command of the header against what the user asked for."""
    for session, opened, header in _headed(view):
        size = (opened.width, opened.height) if opened.pty else (0, 0)
        resized = any(getattr(e.what, "session", "") == session.name for e in view.resized)
        if not resized:  # the window may have changed before the recording began
            out.expect(
                "header-25",
                (header.width, header.height) == size,
                "the header has another size than the terminal that was asked for",
                f"header: {header.width}x{header.height}, asked for: {size[0]}x{size[1]}",
                session=session.name,
            )
        out.expect(
            "header-26",
            header.command == (opened.command if opened.shell == "exec" else ""),
            "the header names another command than the one that was run",
            f"header: {header.command!r}, run: {opened.command!r} ({opened.shell})",
            session=session.name,
        )
        said = (header.env or {}).get("TERM")
        term = (opened.term if opened.pty else "") or DEFAULT_TERM
        if said is not None:  # none at all is header-8's
            out.expect(
                "header-27",
                said == term,
                "the header has another TERM than the user's terminal",
                f"header: {said!r}, asked for: {term!r}",
                session=session.name,
            )


@checks("header-31")
def no_kubernetes(view: View, out: Findings) -> None:
    """A session over SSH is none of Kubernetes, and does not say that it is one."""
    for session in view.sessions.values():
        try:
            line = header_line(session.upload.body) if session.upload is not None else b""
            keys = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        out.expect(
            "header-31",
            "kubernetes" not in keys,
            "the header of a session over SSH has `kubernetes`",
            keys.get("kubernetes"),
            session=session.name,
        )


@checks("header-30")
def connections(view: View, out: Findings) -> None:
    """The sessions of a connection share an ID that no other connection has."""
    headed = [(s, opened.connection, header.connection_id) for s, opened, header in _headed(view)]
    for at, (session, connection, identity) in enumerate(headed):
        for other, its_connection, its_identity in headed[:at]:
            out.expect(
                "header-30",
                (connection == its_connection) == (identity == its_identity),
                "two sessions of one connection have different IDs"
                if connection == its_connection
                else "sessions of two connections have the same ID",
                f"{other.name}: {its_identity}, {session.name}: {identity}",
                session=session.name,
            )
