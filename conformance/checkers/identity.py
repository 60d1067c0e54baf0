"""Whose a recording and a notice are: nodes, users, connections and times that must be true.

Only what the world itself noted is held against them: the nodes' IDs, who logged in, when it was.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from conformance.checkers.wire import frames
from conformance.checking import Findings, checks
from conformance.history import Addressed, Stored, UserConnected
from conformance.inference import connection_of
from conformance.sessions import SessionView, View
from conformance.uploads import Upload, header_line
from conformance.wire import SECOND

CLOCK_GRACE = 2
"""Seconds by which two clocks that are rounded to seconds may differ."""
TIME_GRACE = 5 * SECOND
"""Nanoseconds between an event's time and its handing over that a busy machine may need."""
_FAR = 1 << 40
"""Seconds of which no recording lasts so many."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_SECOND = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z\.cast$")


class _Header(msgspec.Struct):
    timestamp: int
    src_node: str = msgspec.field(name="srcNode")
    src_node_id: str = msgspec.field(name="srcNodeID")
    ssh_user: str = msgspec.field(name="sshUser")
    local_user: str = msgspec.field(name="localUser")
    connection_id: str = msgspec.field(name="connectionID")
    env: dict[str, str] | None = None


def _header(upload: Upload) -> _Header | None:
    """Return the header; None for one that cannot be read: that is the validator's to say."""
    try:
        return msgspec.json.decode(header_line(upload.body), type=_Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _nodes(view: View) -> dict[str, Addressed]:
    """Return the nodes whose IDs were noted, by their address without a port."""
    found = [e.what for e in view.of("world") if isinstance(e.what, Addressed)]
    return {node.address.partition(":")[0]: node for node in found if node.node_id}


def _home(view: View, session: SessionView) -> Addressed | None:
    """Return the node from which a session's user came, if that was noted."""
    for event in view.of("user"):
        what = event.what
        mine = session.opened.connection if session.opened is not None else None
        if isinstance(what, UserConnected) and what.connection == mine:
            return _nodes(view).get(what.peer.rpartition(":")[0])
    return None


def _login(view: View, session: SessionView, said: str) -> str:
    """Return the user who was asked for; `said` where nobody else says it."""
    if view.planned:
        return session.plan.ssh_user
    return session.server.ssh_user if session.server is not None else said


@checks("header-5", "header-28", "header-29", "privacy-7")
def headers(view: View, out: Findings) -> None:
    """Hold each header against who came, from where and when."""
    for session in view.sessions.values():
        header = _header(session.upload) if session.upload is not None else None
        if header is None:
            continue
        home = _home(view, session)
        if home is not None:
            out.expect(
                "header-28",
                (header.src_node, header.src_node_id) == (home.node, home.node_id),
                "the header names another node than that of the user",
                f"header: {header.src_node} {header.src_node_id}",
                f"user's: {home.node} {home.node_id}",
                session=session.name,
            )
        local = session.server.local_user if session.server else header.local_user
        login = _login(view, session, header.ssh_user)
        out.expect(
            "header-29",
            (header.ssh_user, header.local_user) == (login, local),
            "the header names another user than the one who logged in",
            f"header: {header.ssh_user} as {header.local_user}",
            f"logged in: {login} as {local}",
            session=session.name,
        )
        out.expect(
            "privacy-7",
            set(header.env or {}) <= {"TERM"},
            "environment variables were recorded that nobody asked for",
            sorted(header.env or {}),
            session=session.name,
        )
        _dated(view, session, header, out)


def _dated(view: View, session: SessionView, header: _Header, out: Findings) -> None:
    began = view.played.began if view.played is not None else 0
    if not began:
        return
    times = [event.at for event in view.history]
    ended = began + (max(times) - min(times)) // SECOND
    out.expect(
        "header-5",
        began - CLOCK_GRACE <= header.timestamp <= ended + CLOCK_GRACE,
        "the timestamp is not the start of the recording",
        f"header: {header.timestamp}, played from {began} to {ended}",
        session=session.name,
    )


@checks("events-15")
def event_times(view: View, out: Findings) -> None:
    """Hold the time of the last event against when it was handed over."""
    for session in view.sessions.values():
        upload = session.upload
        if upload is None or upload.opened_at is None or view.faulted(upload.recorder):
            continue
        last = next((e for e in reversed(upload.handed)), None)
        time = _last_time(upload.body)
        if last is None or time is None or not upload.body_ended:
            continue
        passed = last.at - upload.opened_at
        out.expect(
            "events-15",
            passed - TIME_GRACE <= time <= passed + SECOND,
            "the time of an event is not that of its output",
            f"{time / SECOND:.1f} s, and it was handed over after {passed / SECOND:.1f} s",
            session=session.name,
        )


def _last_time(body: bytes) -> int | None:
    try:
        event = msgspec.json.decode(body.rstrip(b"\n").rpartition(b"\n")[2], type=list)
        # A string would not fail here: it would be repeated a thousand million times.
        if not isinstance(event[0], int | float):
            return None
        return int(max(-_FAR, min(event[0], _FAR)) * SECOND)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError):
        return None


@checks("notice-10")
def notices(view: View, out: Findings) -> None:
    """Hold what notices say of their session against the session."""
    known = {connection_of(session): session for session in view.sessions.values()}
    connections = {s.opened.connection for s in view.sessions.values() if s.opened is not None}
    only = next(iter(view.sessions.values()), None) if len(connections) == 1 else None
    for notice in view.notices:
        try:
            said = msgspec.json.decode(notice.body, type=_Said)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        session = known.get(said.connection_id)
        if session is None and only is not None and not connection_of(only):
            session = only  # whose else? nothing was recorded that would name its connection
        if session is None:
            continue
        home = _home(view, session)
        node = home.numeric_id if home is not None and home.numeric_id else said.src_node
        came = (said.ssh_user, said.local_user, said.src_node)
        local = session.server.local_user if session.server is not None else said.local_user
        must = (_login(view, session, said.ssh_user), local, node)
        out.expect(
            "notice-10",
            came == must,
            "a notice names another user or node than its session has",
            f"SSHUser, LocalUser, SrcNode: {came}",
            f"the session's: {must}",
            session=session.name,
        )


class _Said(msgspec.Struct, rename="pascal"):
    connection_id: str = msgspec.field(name="ConnectionID")
    ssh_user: str = msgspec.field(name="SSHUser")
    local_user: str
    src_node: int


@checks("storage-3", "storage-7", "storage-10")
def places(view: View, out: Findings) -> None:
    """Everything in storage is some upload's, under its own node and time."""
    readable = [upload for upload in view.uploads if upload.body]
    of_nothing = any(upload.empty for upload in view.uploads)
    for stored in view.stored:
        if of_nothing and not stored.data:
            continue  # it was sent like that: file-8
        mine = next((u for u in readable if _begins(stored, u)), None)
        if mine is None:
            out.broken(
                "storage-3",
                "something lies in storage that does not begin like any recording that was sent",
                stored.path,
                stored.data[:100],
            )
            continue
        header = _header(mine)
        if header is None or not stored.data.startswith(header_line(mine.body)):
            continue
        node, _, name = stored.path.rpartition("/")
        if _PLAIN.fullmatch(header.src_node_id):
            servers = {n.node_id for n in _nodes(view).values()}
            out.expect(
                "storage-10",
                node == header.src_node_id or node in servers,
                "the NodeID of a recording's path is no node's that took part",
                f"{stored.path}, srcNodeID: {header.src_node_id}",
            )
        written = _SECOND.search(name)
        if written is not None and 0 < header.timestamp < 1 << 37:
            start = datetime.fromtimestamp(header.timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            out.expect(
                "storage-7",
                written[1] == start,
                "the time in a recording's path is not the start of the recording",
                f"{stored.path}, timestamp: {header.timestamp} ({start}Z)",
            )


def _begins(stored: Stored, upload: Upload) -> bool:
    header = header_line(upload.body)
    return stored.data.startswith(header) or upload.body.startswith(stored.data)


@checks("storage-9")
def acked_is_kept(view: View, out: Findings) -> None:
    """What a recorder acked lies in storage, also when the upload broke off."""
    for upload in view.uploads:
        node = next((n for n in view.scenario.recorders if n.name == upload.recorder), None)
        if node is None or node.script is not None or node.storage != "filesystem":
            continue
        acked = max((f.ack or 0 for f in frames(upload.answers)[0]), default=0)
        if upload.clean or not acked:
            continue
        out.expect(
            "storage-9",
            any(
                len(s.data) >= acked and upload.body.startswith(s.data[:acked])
                for s in view.stored
                if s.store == upload.recorder
            ),
            f"{acked} bytes were acked, and they are not in storage",
            [(s.path, len(s.data)) for s in view.stored if s.store == upload.recorder],
            upload.recorder,
        )
