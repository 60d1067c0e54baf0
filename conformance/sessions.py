"""What a history says about its sessions, joined: the views that checkers read.

`conformance.joining` makes them. Why something cannot be told is worded here, so that every checker
says it alike.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from conformance.history import (
    ActionServed,
    Attempted,
    CommandExited,
    CommandStarted,
    Entered,
    Event,
    ExitSeen,
    GaveUp,
    History,
    Kind,
    NoticeReceived,
    Played,
    ServerSession,
    SessionOpened,
    Shown,
    Stored,
)
from conformance.machine import ENDS, State
from conformance.scenario import Expectation, Scenario, UserSession
from conformance.uploads import Upload, went_elsewhere
from conformance.wire import OnRecordingFailure, SSHAction, Timers

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
    given: SSHAction | None = None
    """The action with which an SSH server under test was started."""
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
