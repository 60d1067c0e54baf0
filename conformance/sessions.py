"""Joins what the observers of a history say about one session, and about one upload.

A user, an SSH server, a relay and a recorder each have their own names for a session. They are
matched by what is on the wire: the user's address and the number of the channel, the connection ID
and the terminal in the recording's header.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from conformance.history import (
    Aborted,
    Addressed,
    AnswerBody,
    Answered,
    AnswerEnded,
    Attempted,
    BodyEnded,
    BodyStarted,
    CommandExited,
    CommandStarted,
    Dialled,
    Disconnected,
    Entered,
    Event,
    ExitSeen,
    GaveUp,
    Handed,
    History,
    HungUp,
    Kind,
    Left,
    NoticeReceived,
    Played,
    PolicyApplied,
    Requested,
    ServerSession,
    SessionClosed,
    SessionOpened,
    Shown,
    Stored,
    UserConnected,
)
from conformance.machine import State
from conformance.scenario import Expectation, Scenario, UserSession
from conformance.wire import SSHAction, Timers


class Upload(msgspec.Struct, kw_only=True):
    """One recording on its way: what the relay saw of one request."""

    recorder: str
    connection: str
    stream: int
    http: str
    path: str
    handed: list[Event]
    """The events `Handed`, in the user observer's order."""
    answers: list[Event]
    """The events `AnswerBody`."""
    opened_at: int | None = None
    """When the 200 (v2) or the interim 100 (v1) passed."""
    body_ended: bool = False
    answer_ended_at: int | None = None
    final_status: int | None = None
    gone_at: int | None = None

    @property
    def body(self) -> bytes:
        """All that was handed over."""
        return b"".join(event.what.data for event in self.handed if isinstance(event.what, Handed))

    @property
    def clean(self) -> bool:
        """True when the body was ended, and the answer said success to its end."""
        return self.body_ended and self.answer_ended_at is not None and self.final_status == 200

    def failed_by_recorder(self, window: int) -> str:
        """Say how the recorder itself broke off an upload that it had taken, or nothing.

        `window` is the ack window in nanoseconds.
        """
        if self.opened_at is None:
            return ""
        frames = [event.at for event in self.answers]
        if self.http == "2":
            times = [self.opened_at, *frames, *([self.gone_at] if self.gone_at else [])]
            if any(after - before >= window for before, after in pairwise(times)):
                return "it sent no frame for the whole ack window"
        if self.answer_ended_at is not None and not self.body_ended:
            return "it ended its answer before the body ended"
        if self.final_status not in (None, 200):
            return f"it answered {self.final_status}"
        if self.answers and b'"error"' in getattr(self.answers[-1].what, "data", b""):
            return "it sent an error frame"
        return ""


class SessionView(msgspec.Struct, kw_only=True):
    """Everything that a history says about one session."""

    plan: UserSession
    expect: Expectation
    opened: SessionOpened | None = None
    shown: list[Event] = []
    exit: ExitSeen | None = None
    closed: bool = False
    hung_up: bool = False
    gave_up: list[GaveUp] = []
    server: ServerSession | None = None
    action: SSHAction | None = None
    entered: list[Event] = []
    attempted: list[Attempted] = []
    aborted: bool = False
    command_started: CommandStarted | None = None
    command_exited: CommandExited | None = None
    left: bool = False
    upload: Upload | None = None

    @property
    def name(self) -> str:
        """The scenario's name for the session."""
        return self.plan.name

    @property
    def path(self) -> tuple[State, ...]:
        """The states that the server reported, in order."""
        return tuple(e.what.state for e in self.entered if isinstance(e.what, Entered))

    def state_at(self, state: State) -> int | None:
        """When the session entered `state` first, in nanoseconds."""
        for event in self.entered:
            if isinstance(event.what, Entered) and event.what.state is state:
                return event.at
        return None

    @property
    def reject_message(self) -> str:
        """The message that refuses a session, or nothing."""
        failure = self.action.on_recording_failure if self.action else None
        return failure.reject_session_with_message if failure else ""

    @property
    def terminate_message(self) -> str:
        """The message that ends a session, or nothing."""
        failure = self.action.on_recording_failure if self.action else None
        return failure.terminate_session_with_message if failure else ""

    @property
    def notify(self) -> bool:
        """True when notices are wanted."""
        failure = self.action.on_recording_failure if self.action else None
        return bool(failure and failure.notify_url)

    def shown_bytes(self, stream: str = "") -> bytes:
        """All that reached the user, on one stream or on both in their order."""
        return b"".join(
            event.what.data
            for event in self.shown
            if isinstance(event.what, Shown) and stream in ("", event.what.stream)
        )


class View(msgspec.Struct, kw_only=True):
    """A whole history, joined."""

    scenario: Scenario
    history: History
    played: Played | None
    addresses: dict[str, str]
    """Address to node name."""
    sessions: dict[str, SessionView]
    uploads: list[Upload]
    stored: list[Stored]
    notices: list[NoticeReceived]
    dialled: list[Event]

    @property
    def speed(self) -> int:
        """How many times faster than the protocol's timers it was played."""
        return self.played.speed if self.played else 1

    def faulted(self, node: str) -> bool:
        """True when the scenario makes `node`, or the store behind it, misbehave."""
        recorder = next((r for r in self.scenario.recorders if r.name == node), None)
        hit = {plan.node for plan in self.scenario.faults}
        behind = recorder is not None and recorder.storage == "s3" and "s3" in hit
        return node in hit or behind or (recorder is not None and recorder.script is not None)

    def let_down(self, session: SessionView) -> str:
        """Say how a recorder that nothing disturbs failed this session, or nothing.

        What the scenario calls for then says nothing of the SSH server: it had to react.
        """
        upload = session.upload
        if upload is None or self.faulted(upload.recorder):
            return ""
        how = upload.failed_by_recorder(Timers().divided(self.speed).ack_window)
        return f"its recorder failed: {how}" if how else ""

    def of(self, observer: str) -> Iterator[Event]:
        """Yield the events of one observer, in its own order."""
        return (event for event in self.history if event.observer == observer)


def join(scenario: Scenario, history: History) -> View:
    """Join a history. Never raises on a history that lacks things: checkers say what is missing."""
    ordered = tuple(sorted(history, key=lambda event: (event.observer, event.seq)))
    expectations = {expected.session: expected for expected in scenario.expect}
    sessions = {
        plan.name: SessionView(plan=plan, expect=expectations[plan.name])
        for plan in scenario.sessions
    }
    view = View(
        scenario=scenario,
        history=ordered,
        played=None,
        addresses={},
        sessions=sessions,
        uploads=[],
        stored=[],
        notices=[],
        dialled=[],
    )
    connections: dict[str, str] = {}
    for event in ordered:
        _world(view, event)
        _user(view, event, connections)
    _server(view, connections)
    _network(view)
    for upload in view.uploads:
        _assign(view, upload)
    return view


def _world(view: View, event: Event) -> None:
    match event.what:
        case Played():
            view.played = event.what
        case Addressed(node=node, address=address):
            view.addresses[address] = node
        case Stored():
            view.stored.append(event.what)
        case NoticeReceived():
            view.notices.append(event.what)
        case Dialled():
            view.dialled.append(event)
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


def _server(view: View, connections: dict[str, str]) -> None:
    by_wire = {
        (connections.get(session.opened.connection, ""), session.opened.channel): session
        for session in view.sessions.values()
        if session.opened
    }
    by_name: dict[str, SessionView] = {}
    for event in view.history:
        what = event.what
        if event.observer != "server":
            continue
        if isinstance(what, ServerSession):
            session = by_wire.get((what.peer, what.channel))
            if session is not None:
                session.server = what
                by_name[what.session] = session
            continue
        found = by_name.get(getattr(what, "session", ""))
        if found is not None:
            _server_event(found, event, what)


def _server_event(session: SessionView, event: Event, what: Kind) -> None:
    match what:
        case PolicyApplied(action=action):
            session.action = action
        case Entered():
            session.entered.append(event)
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


def _network(view: View) -> None:
    uploads: dict[tuple[str, int], Upload] = {}
    for event in view.of("network"):
        what = event.what
        if isinstance(what, Requested) and what.method == "POST":
            uploads[what.connection, what.stream] = Upload(
                recorder=what.recorder,
                connection=what.connection,
                stream=what.stream,
                http=what.http,
                path=what.path,
                handed=[],
                answers=[],
            )
            continue
        if isinstance(what, Disconnected):
            for (connection, _), upload in uploads.items():
                if connection == what.connection and upload.gone_at is None:
                    upload.gone_at = event.at
            continue
        if isinstance(what, Answered | AnswerBody | AnswerEnded | BodyStarted | BodyEnded):
            found = uploads.get((what.connection, what.stream))
            if found is not None:
                _network_event(found, event, what)
    for event in view.of("user"):
        if isinstance(event.what, Handed):
            found = uploads.get((event.what.connection, event.what.stream))
            if found is not None:
                found.handed.append(event)
    view.uploads.extend(uploads.values())


def _network_event(upload: Upload, event: Event, what: Kind) -> None:
    match what:
        case Answered(status=status):
            if status == (100 if upload.http == "1.1" else 200) and upload.opened_at is None:
                upload.opened_at = event.at
            if status >= 200:
                upload.final_status = status
        case AnswerBody():
            upload.answers.append(event)
        case AnswerEnded():
            upload.answer_ended_at = event.at
        case BodyEnded():
            upload.body_ended = True
        case _:
            pass


class _Header(msgspec.Struct):
    """What of a header tells sessions apart; everything is optional."""

    connectionID: str = ""  # noqa: N815
    command: str = ""
    width: int = 0
    height: int = 0
    env: dict[str, str] | None = None


def header_line(body: bytes) -> bytes:
    """Return the first line of a recording, its newline included."""
    end = body.find(b"\n")
    return body if end < 0 else body[: end + 1]


def _assign(view: View, upload: Upload) -> None:
    """Give an upload to the session whose recording it is, if that can be told."""
    try:
        header = msgspec.json.decode(header_line(upload.body), type=_Header)
    except msgspec.MsgspecError:
        return
    fitting = [session for session in view.sessions.values() if _fits(session, header)]
    if len(fitting) == 1 and fitting[0].upload is None:
        fitting[0].upload = upload


def _fits(session: SessionView, header: _Header) -> bool:
    opened = session.opened
    if opened is None:
        return False
    if session.server is not None and header.connectionID != session.server.connection_id:
        return False
    size = (opened.width, opened.height) if opened.pty else (0, 0)
    term = (header.env or {}).get("TERM", "")
    return (
        header.command == opened.command
        and (header.width, header.height) == size
        and (not opened.pty or term == opened.term)
    )
