"""Joins what the observers of a history say about one session, and about one upload.

A user, an SSH server, a relay and a recorder each have their own names for a session. They are
matched by what is on the wire: the user's address and the number of the channel, the connection ID
and the terminal in the recording's header. What the server does not say (the action that counts)
comes from the control plane, or else from the scenario.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from conformance.actions import planned_action, served_action
from conformance.history import (
    Aborted,
    ActionServed,
    Addressed,
    Attempted,
    CommandExited,
    CommandRan,
    CommandStarted,
    Dialled,
    Entered,
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
from conformance.machine import ENDS, State
from conformance.output import recorded_output, screen_text
from conformance.scenario import Expectation, Scenario, UserSession
from conformance.unplanned import scenario_of
from conformance.uploads import Header, Upload, header_of, uploads, went_elsewhere
from conformance.wire import V2_EVENT, OnRecordingFailure, SSHAction, Timers

API_PROXY = "api-proxy"
"""The observer, and the node, that posts Kubernetes API requests as events."""

NOBODY_EXPECTS = "no scenario says what must come of it"
"""Why a clause that needs an expectation is skipped when there is none."""

ONE_STREAM = "the user's client is a process: how its two streams interleaved is not known"
"""Why a clause that needs the order of output and standard error is skipped for such a client."""

NO_REPORT = "the server reports nothing of its own"
"""Why a clause that only the server's own events can show is skipped when there are none."""


class Possible(msgspec.Struct, frozen=True):
    """One path that a session may have taken; `aborted` when its user left while choosing."""

    path: tuple[State, ...]
    aborted: bool = False

    @property
    def unfinished(self) -> bool:
        """True when the session may have gone on from there."""
        return not self.aborted and self.path[-1] not in ENDS

    def __str__(self) -> str:
        """Write it with arrows."""
        return " -> ".join((*self.path, "(aborted)") if self.aborted else self.path)


class Inferred(msgspec.Struct, frozen=True, kw_only=True):
    """What can be told of a session's path from outside."""

    paths: tuple[Possible, ...]
    """Every legal path that explains what was seen; the true one is among them."""
    why: str = ""
    """Why there is not exactly one."""
    illegal: str = ""
    """What was seen that no legal path explains, or nothing."""

    @property
    def only(self) -> Possible | None:
        """The path, when there is exactly one."""
        return self.paths[0] if len(self.paths) == 1 else None


class SessionView(msgspec.Struct, kw_only=True):
    """Everything that a history says about one session."""

    plan: UserSession
    expect: Expectation | None = None
    opened: SessionOpened | None = None
    program: str = ""
    """The user's client, where it is a process of its own."""
    shown: list[Event] = []
    exit: ExitSeen | None = None
    closed: bool = False
    hung_up: bool = False
    gave_up: list[GaveUp] = []
    server: ServerSession | None = None
    action: SSHAction | None = None
    reports: list[Event] = []
    """All events of the server about this session, in its order."""
    attempted: list[Attempted] = []
    aborted: bool = False
    command_started: CommandStarted | None = None
    command_exited: CommandExited | None = None
    left: bool = False
    upload: Upload | None = None
    further: list[Upload] = []
    """Uploads after the first that can only be this session's."""
    inferred: Inferred | None = None
    """What can be told from outside; set where the server reports nothing."""

    @property
    def name(self) -> str:
        """The scenario's name for the session."""
        return self.plan.name

    @property
    def reported(self) -> tuple[State, ...]:
        """The states that the server reported, in order."""
        return tuple(e.what.state for e in self.reports if isinstance(e.what, Entered))

    @property
    def path(self) -> tuple[State, ...]:
        """The states of the session: reported, or inferred where that leaves one path."""
        if self.server is not None:
            return self.reported
        only = self.inferred.only if self.inferred is not None else None
        return only.path if only is not None else ()

    @property
    def path_unknown(self) -> str:
        """Why the path is not known, or nothing."""
        if self.server is not None or self.path:
            return ""
        return self.inferred.why or self.inferred.illegal if self.inferred else NO_REPORT

    def state_at(self, state: State) -> int | None:
        """When the server said that the session entered `state` first, in nanoseconds."""
        for event in self.reports:
            if isinstance(event.what, Entered) and event.what.state is state:
                return event.at
        return None

    @property
    def _on_failure(self) -> OnRecordingFailure | None:
        return self.action.on_recording_failure if self.action else None

    @property
    def reject_message(self) -> str:
        """The message that refuses a session, or nothing."""
        return self._on_failure.reject_session_with_message if self._on_failure else ""

    @property
    def terminate_message(self) -> str:
        """The message that ends a session, or nothing."""
        return self._on_failure.terminate_session_with_message if self._on_failure else ""

    @property
    def rejection(self) -> bytes:
        """What a rejected user sees."""
        return self.reject_message.encode() + b"\r\n"

    @property
    def termination(self) -> bytes:
        """What a terminated user sees last."""
        return b"\r\n\r\n" + self.terminate_message.encode() + b"\r\n\r\n"

    @property
    def saw_termination(self) -> bool:
        """True when the last that the user saw on stderr is the message that ends a session."""
        return bool(self.terminate_message) and self.shown_bytes("stderr").endswith(
            self.termination
        )

    @property
    def refused(self) -> bool:
        """True when the policy refuses the connection: no session begins."""
        return self.action is not None and self.action.reject

    @property
    def command_exited_first(self) -> bool:
        """True when the scenario has the command exit by itself before a loss."""
        called_for = self.expect is not None and self.expect.exit == 0
        return called_for and self.command_exited is not None

    @property
    def notify(self) -> bool:
        """True when notices are wanted."""
        return bool(self._on_failure and self._on_failure.notify_url)

    def shown_bytes(self, stream: str = "") -> bytes:
        """All that reached the user, on one stream or on both in their order."""
        return b"".join(data for data, name in self.shown_pieces if stream in ("", name))

    @property
    def shown_pieces(self) -> list[tuple[bytes, str]]:
        """All that reached the user, as (data, stream)."""
        return [(e.what.data, e.what.stream) for e in self.shown if isinstance(e.what, Shown)]


class View(msgspec.Struct, kw_only=True):
    """A whole history, joined."""

    scenario: Scenario
    planned: bool = True
    """False when no scenario was given, and `scenario` is what the history shows of it."""
    history: History
    played: Played | None = None
    addresses: dict[str, str] = {}
    """Address to node name."""
    sessions: dict[str, SessionView]
    uploads: list[Upload] = []
    stored: list[Stored] = []
    notices: list[NoticeReceived] = []
    served: list[ActionServed] = []
    dialled: list[Event] = []
    resized: list[Event] = []
    ran: dict[str, int] = {}
    """When the command of a session left its mark, by the session's name; in nanoseconds."""
    posting: frozenset[str] = frozenset()
    """Connections over which events are posted; `posted` has what passed there."""
    struck: set[str] = set()
    """Nodes that a fault hit, or should have."""

    @property
    def speed(self) -> int:
        """How many times faster than the protocol's timers it was played."""
        return self.played.speed if self.played else 1

    @property
    def timers(self) -> Timers:
        """The timers that counted."""
        return Timers().divided(max(1, self.speed))

    def faulted(self, node: str) -> bool:
        """True when `node`, or the store behind it, was made to misbehave, or may have been."""
        recorder = next((r for r in self.scenario.recorders if r.name == node), None)
        if recorder is None:
            return node in self.struck or not self.planned
        on_s3 = recorder.storage == "s3" or not self.planned
        behind = on_s3 and "s3" in self.struck
        return node in self.struck or behind or recorder.script is not None

    def let_down(self, session: SessionView) -> str:
        """Say how a recorder that nothing disturbs failed this session, or nothing.

        What the scenario calls for then says nothing of the SSH server: it had to react.
        """
        upload = session.upload
        if went_elsewhere(self.of("network")):
            return "its client made another connection after a GOAWAY, as it may (choose-12)"
        if upload is None or self.faulted(upload.recorder):
            return ""
        how = upload.failed_by_recorder(self.timers.ack_window)
        return f"its recorder failed: {how}" if how else ""

    def of(self, observer: str) -> Iterator[Event]:
        """Yield the events of one observer, in its own order, without those of `posted`."""
        return (
            event
            for event in self.history
            if event.observer == observer and not self._posts(event.what)
        )

    def posted(self, observer: str) -> Iterator[Event]:
        """Yield what an observer saw on the connections over which events are posted."""
        return (
            event
            for event in self.history
            if event.observer == observer and self._posts(event.what)
        )

    def _posts(self, what: Kind) -> bool:
        return bool(self.posting) and getattr(what, "connection", "") in self.posting


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
            session.action = _action(view, session.plan, peer)
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
        case GaveUp():
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
    rest = [upload for upload in view.uploads if upload.taken and id(upload) not in assigned]
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
    opened = session.opened
    if opened is None:
        return False
    if session.server is not None and header.connection_id != session.server.connection_id:
        return False
    size = (opened.width, opened.height) if opened.pty else (0, 0)
    term = (header.env or {}).get("TERM", "")
    return (
        header.command == opened.command
        and (header.width, header.height) == size
        and (not opened.pty or term == opened.term)
    )


def _shows(session: SessionView, upload: Upload) -> bool:
    """Tell whether the upload holds what this user saw, where nothing else tells sessions apart."""
    recorded, shown = recorded_output(upload.body), screen_text(session.shown_pieces)
    short, long = sorted((recorded, shown), key=len)
    return session.server is None and bool(short) and long.startswith(short)


def _action(view: View, plan: UserSession, peer: str) -> SSHAction | None:
    """Return the action that counts, as the control plane or else the scenario has it."""
    host = peer.rpartition(":")[0]
    served = [
        answer.action
        for answer in view.served
        if answer.peer == host and (not view.planned or answer.ssh_user == plan.ssh_user)
    ]
    if view.scenario.then:
        return served_action(served)
    return served_action(served) or planned_action(view.scenario.action, view.addresses)
