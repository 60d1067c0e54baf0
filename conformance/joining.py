"""Joins what the observers of a history say about one session, and about one upload.

A user, an SSH server, a relay and a recorder each have their own names for a session. They are
matched by what is on the wire: the user's address and the number of the channel, the connection ID
and the terminal in the recording's header. What the server does not say (the action that counts)
comes from the control plane, or else from the scenario.
"""

from __future__ import annotations

from conformance.actions import planned_action, served_action
from conformance.history import (
    Aborted,
    ActionGiven,
    ActionServed,
    Addressed,
    Attempted,
    CommandExited,
    CommandRan,
    CommandStarted,
    Dialled,
    Event,
    ExitSeen,
    FaultApplied,
    GaveUp,
    History,
    HungUp,
    Kind,
    Left,
    NoticeReceived,
    Played,
    PolicyApplied,
    Requested,
    Resized,
    ServerSession,
    SessionClosed,
    SessionOpened,
    Shown,
    Stored,
    UserConnected,
)
from conformance.output import recorded_output, screen_text
from conformance.scenario import Scenario, UserSession
from conformance.sessions import API_PROXY, SessionView, View
from conformance.unplanned import scenario_of
from conformance.uploads import Header, Upload, header_of, uploads
from conformance.wire import V2_EVENT, SSHAction


def join(scenario: Scenario | None, history: History) -> View:
    """Join a history. Never raises on a history that lacks things: checkers say what is missing.

    Without a scenario the history itself says what was played, and nothing is expected of it.
    """
    ordered = tuple(sorted(history, key=lambda event: (event.observer, event.seq)))
    planned = scenario is not None
    scenario = scenario if scenario is not None else scenario_of(ordered)
    expectations = {expected.session: expected for expected in scenario.expect}
    view = View(
        scenario=scenario,
        planned=planned,
        history=ordered,
        sessions={
            plan.name: SessionView(plan=plan, expect=expectations.get(plan.name))
            for plan in scenario.sessions
        },
        struck={plan.node for plan in scenario.faults},
    )
    view.posting = _posting(ordered)
    connections: dict[str, str] = {}
    for event in ordered:
        _world(view, event)
        _user(view, event, connections)
    _programs(view)
    _server(view, connections)
    view.uploads = uploads(tuple(view.of("network")), tuple(view.of("user")))
    for upload in view.uploads:
        _assign(view, upload)
    _assign_rest(view)
    for session in view.sessions.values():
        if session.action is None:
            peer = connections.get(session.opened.connection, "") if session.opened else ""
            session.action = _action(view, session.plan, peer, alone=len(connections) == 1)
    return view


def _posting(history: History) -> frozenset[str]:
    """Return the connections over which events are posted.

    These are the API proxy's own. Where it has no address of its own, those on which somebody asks
    for ``/v2/event``.
    """
    nodes = [e.what for e in history if isinstance(e.what, Addressed)]
    hosts = {node.address for node in nodes if node.node == API_PROXY}
    if any(node.address in hosts for node in nodes if node.node != API_PROXY):
        return frozenset(
            e.what.connection
            for e in history
            if isinstance(e.what, Requested) and e.what.path == V2_EVENT
        )
    return frozenset(
        e.what.connection
        for e in history
        if isinstance(e.what, Dialled) and e.what.peer.rpartition(":")[0] in hosts
    )


def _world(view: View, event: Event) -> None:
    match event.what:
        case Played():
            view.played = event.what
        case Addressed(node=node, address=address):
            view.addresses[address] = node
        case FaultApplied(node=node):
            view.struck.add(node)
        case CommandRan(session=session, ran_at=ran_at):
            view.ran[session] = ran_at
        case Stored():
            view.stored.append(event.what)
        case NoticeReceived():
            view.notices.append(event.what)
        case ActionServed():
            view.served.append(event.what)
        case ActionGiven(action=action):
            view.given = action
        case Dialled(connection=connection):
            if connection not in view.posting:
                view.dialled.append(event)
        case Resized():
            view.resized.append(event)
        case _:
            pass


def _user(view: View, event: Event, connections: dict[str, str]) -> None:
    what = event.what
    if isinstance(what, UserConnected):
        connections[what.connection] = what.peer
        return
    if not isinstance(what, SessionOpened | Shown | ExitSeen | SessionClosed | HungUp | GaveUp):
        return
    session = view.sessions.get(what.session)
    if session is None:
        return
    match what:
        case SessionOpened():
            session.opened = what
        case Shown():
            session.shown.append(event)
        case ExitSeen():
            session.exit = what
        case SessionClosed():
            session.closed = True
        case HungUp():
            session.hung_up = True
        case _:
            session.gave_up.append(what)


def _programs(view: View) -> None:
    """Say which program each user's client is, where the history names one."""
    programs = {
        event.what.connection: event.what.program
        for event in view.of("user")
        if isinstance(event.what, UserConnected)
    }
    for session in view.sessions.values():
        if session.opened is not None:
            session.program = programs.get(session.opened.connection, "")


def _server(view: View, connections: dict[str, str]) -> None:
    by_wire = {
        (connections.get(session.opened.connection, ""), session.opened.channel): session
        for session in view.sessions.values()
        if session.opened
    }
    by_name: dict[str, SessionView] = {}
    for event in view.of("server"):
        what = event.what
        if isinstance(what, ServerSession):
            session = by_wire.get((what.peer, what.channel))
            if session is not None:
                session.server = what
                session.reports.append(event)
                by_name[what.session] = session
            continue
        found = by_name.get(getattr(what, "session", ""))
        if found is not None:
            found.reports.append(event)
            _server_event(found, what)


def _server_event(session: SessionView, what: Kind) -> None:
    match what:
        case PolicyApplied(action=action):
            session.action = action
        case Attempted():
            session.attempted.append(what)
        case Aborted():
            session.aborted = True
        case CommandStarted():
            session.command_started = what
        case CommandExited():
            session.command_exited = what
        case Left():
            session.left = True
        case _:
            pass


def _assign(view: View, upload: Upload) -> None:
    """Give an upload to the session whose recording it is, if that can be told."""
    header = header_of(upload)
    if header is None:
        return
    fitting = [session for session in view.sessions.values() if _fits(session, header)]
    if len(fitting) > 1:
        fitting = [session for session in fitting if _shows(session, upload)]
    if len(fitting) != 1:
        return
    if fitting[0].upload is None:
        fitting[0].upload = upload
    elif upload.taken:
        fitting[0].further.append(upload)


def _assign_rest(view: View) -> None:
    """Give what nothing else tells to the session that alone can have made it.

    A header that is wrong does not say whose it is; that no other session can have made it does.
    Where nobody planned what was played, there may be sessions that nothing tells of.
    """
    if not view.planned:
        return
    assigned = [id(upload) for s in view.sessions.values() for upload in (s.upload, *s.further)]
    rest = [
        upload
        for upload in view.uploads
        if (upload.taken or upload.empty) and id(upload) not in assigned
    ]
    for by in (_same_connection, _same_terminal, None):
        for upload in list(rest):
            header = header_of(upload)
            fitting = [
                session
                for session in view.sessions.values()
                if session.upload is None and session.opened is not None
                if by is None or (header is not None and by(session, header))
            ]
            alone = len(view.sessions) == 1 if by is None else len(fitting) == 1
            if alone and fitting:
                fitting[0].upload = upload
                rest.remove(upload)


def _same_connection(session: SessionView, header: Header) -> bool:
    return session.server is not None and session.server.connection_id == header.connection_id


def _same_terminal(session: SessionView, header: Header) -> bool:
    opened = session.opened
    if opened is None:
        return False
    size = (opened.width, opened.height) if opened.pty else (0, 0)
    return header.command == opened.command and (header.width, header.height) == size


def _fits(session: SessionView, header: Header) -> bool:
    if not _same_terminal(session, header):
        return False
    if session.server is not None and header.connection_id != session.server.connection_id:
        return False
    opened, term = session.opened, (header.env or {}).get("TERM", "")
    return opened is not None and (not opened.pty or term == opened.term)


def _shows(session: SessionView, upload: Upload) -> bool:
    """Tell whether the upload holds what this user saw, where nothing else tells sessions apart."""
    recorded, shown = recorded_output(upload.body), screen_text(session.shown_pieces)
    short, long = sorted((recorded, shown), key=len)
    return session.server is None and bool(short) and long.startswith(short)


def _action(view: View, plan: UserSession, peer: str, *, alone: bool) -> SSHAction | None:
    """Return the action that counts: the control plane's, the one given, or the scenario's."""
    host = peer.rpartition(":")[0]
    served = [
        answer.action
        for answer in view.served
        if answer.peer == host and (not view.planned or answer.ssh_user == plan.ssh_user)
    ]
    if view.scenario.then:
        return served_action(served, alone=alone)
    known = served_action(served, alone=alone) or view.given
    return known or planned_action(view.scenario.action, view.addresses)
