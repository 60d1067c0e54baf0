"""Histories: what every observer of a scenario saw, as data.

A history is a sequence of typed events. Each event carries its observer, the observer's own
sequence number (from 0, without holes), a monotonic time in nanoseconds, and what happened.
Timestamps never order events of different observers: checkers use each observer's own order; time
serves to measure durations. Every observer ends its part with `End`; one that was killed leaves a
`Gap`. What a user typed never enters a history in clear: `Typed` carries a digest.

Observers are named by role: ``user``, ``server``, ``recorder/NODE``, ``network``,
``storage``, ``control``, ``faults``, ``world``; ``api-proxy`` posts Kubernetes API requests as
events; ``probe`` plays a case against a recorder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, TypeAlias, get_args

import msgspec

from conformance.kind import BaseKind as _Kind
from conformance.machine import State
from conformance.probed import (
    Asked,
    BodyCut,
    BodySent,
    CasePlayed,
    Connected,
    ConnectFailed,
    FrameSeen,
    Headers,
    Kept,
    Looked,
    Measured,
    RawSent,
    Remarked,
    Signalled,
    Strayed,
    StreamReset,
    Waited,
)
from conformance.wire import SSHAction

# --- every observer ---------------------------------------------------------------------------


class End(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="end"):
    """The observer saw its part to the end: nothing of it is missing."""


class Gap(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="gap"):
    """From here on the observer saw nothing, for a reason that the scenario itself made.

    A process that a scenario kills leaves a gap. `resumed` marks that a successor goes on.
    """

    reason: str


class Problem(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="problem"):
    """The rig itself failed: whatever this scenario would have shown is not known."""

    what: str


class Late(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="late"):
    """The observer itself was late by `by` nanoseconds: what it saw around then is in doubt.

    `loop` is ``engine`` (durations mean nothing), ``wire`` (nor does the order of what was read)
    or ``part`` (a reference part reacted late).
    """

    by: int
    loop: str = "engine"


# --- the user and what the user's workstation sees ------------------------------------------------


class UserConnected(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="user-connected"):
    """The SSH connection is up. `peer` is the user's own ``ip:port``, as the server sees it."""

    connection: str
    peer: str
    program: str = ""
    """The user's client, where it is a process of its own: what it shows is seen later than it
    arrived, and in which order two of its streams came is not known."""


class UserConnectionFailed(
    _Kind, frozen=True, kw_only=True, omit_defaults=True, tag="user-connection-failed"
):
    """The SSH connection could not be made."""

    connection: str
    reason: str


class SessionOpened(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="session-opened"):
    """The user asked for a session. `channel` counts the sessions of the connection from 0."""

    session: str
    connection: str
    channel: int
    shell: str
    """``shell``, ``exec`` or ``sftp``."""
    command: str = ""
    pty: bool = False
    width: int = 0
    height: int = 0
    term: str = ""


class Typed(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="typed"):
    """The user typed something. `secret` names the canary that stands for it, if any."""

    session: str
    digest: str
    length: int
    secret: str = ""


class Resized(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="resized"):
    """The user's window changed to `width` columns and `height` rows."""

    session: str
    width: int
    height: int


class Shown(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="shown"):
    """Bytes reached the user. `stream` is ``stdout`` or ``stderr``."""

    session: str
    data: bytes
    stream: str = "stdout"


class Handed(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="handed"):
    """Recording bytes left the SSH server towards a recorder: seen by the relay beside the user.

    Same observer as `Shown`, so their order is real. `data` is the body without its framing.
    """

    recorder: str
    connection: str
    stream: int
    data: bytes


class RelayPaused(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="relay-paused"):
    """The relay stopped reading, as the recorder behind it did: order is unknown for a while."""

    connection: str


class RelayResumed(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="relay-resumed"):
    """The relay reads again."""

    connection: str


class Saw(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="saw"):
    """The user saw the text that a step waits for."""

    session: str
    text: str


class ExitSeen(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="exit-seen"):
    """The user's client was told how the command ended."""

    session: str
    status: int | None = None
    signal: str = ""


class Forwarded(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="forwarded"):
    """Bytes came back through a port forward on the session's connection."""

    session: str
    data: bytes


class SessionClosed(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="session-closed"):
    """The session's channel is closed for the user."""

    session: str


class HungUp(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="hung-up"):
    """The user left without ending the session."""

    session: str


class GaveUp(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="gave-up"):
    """The user waited for something until the scenario's deadline, and it did not come."""

    session: str
    waiting_for: str


class ApiAsked(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="api-asked"):
    """The user sent a request to the Kubernetes API, by way of the proxy that records it.

    `peer` is the user's own ``ip:port``, as the proxy sees it; `path` has its query with it.
    """

    request: str
    peer: str
    method: str
    path: str
    body: bytes
    user_agent: str


class ApiAnswered(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="api-answered"):
    """The proxy answered; 200 says that the request is recorded."""

    request: str
    status: int


# --- network --------------------------------------------------------------------------------------


class Dialled(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="dialled"):
    """A connection to a recorder's tailnet address was accepted."""

    recorder: str
    connection: str
    peer: str


class Requested(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="requested"):
    """A request head passed towards a recorder."""

    recorder: str
    connection: str
    stream: int
    method: str
    path: str
    http: str
    """``1.1`` or ``2``."""
    expect_continue: bool = False
    chunked: bool | None = None
    """Whether the body of an HTTP/1.1 request comes in chunks; None when nobody noted it."""
    offers: str = ""
    """The content codings that it offers to read."""
    content_type: str = ""


class Answered(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="answered"):
    """A response head passed back, an interim 100 included."""

    recorder: str
    connection: str
    stream: int
    status: int
    coding: str = ""
    """The content coding of its body."""
    location: str = ""
    """Where it redirects to."""


class AnswerBody(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="answer-body"):
    """Bytes of an answer's body passed back: acks and error frames."""

    recorder: str
    connection: str
    stream: int
    data: bytes


class BodyStarted(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="body-started"):
    """The first byte of a request body passed towards a recorder."""

    recorder: str
    connection: str
    stream: int


class BodyEnded(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="body-ended"):
    """The request body was ended cleanly by the client."""

    recorder: str
    connection: str
    stream: int


class AnswerEnded(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="answer-ended"):
    """The answer was ended cleanly by the recorder."""

    recorder: str
    connection: str
    stream: int


class Settled(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="settled"):
    """The client's first SETTINGS passed towards a recorder: HTTP/2 only.

    From here on what the client sends on the connection is held against the recorder's windows
    and frame size, and `Overran` says where it breaks them.
    """

    recorder: str
    connection: str
    push: bool = True
    """Whether the recorder may push; so it is when SETTINGS do not say."""


class Overran(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="overran"):
    """The client sent more than a window or the frame size of the recorder lets through."""

    recorder: str
    connection: str
    stream: int
    what: str


class WentAway(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="went-away"):
    """A recorder's GOAWAY passed back: it covers the streams up to `last`."""

    recorder: str
    connection: str
    last: int
    code: int = 0


class StreamBroken(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="stream-broken"):
    """A recorder's RST_STREAM passed back, with its error code."""

    recorder: str
    connection: str
    stream: int
    code: int


class Disconnected(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="disconnected"):
    """A connection is gone. `by` is ``client`` or ``recorder``, `how` is ``fin`` or ``reset``."""

    recorder: str
    connection: str
    by: str
    how: str


class Unreadable(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="unreadable"):
    """What passes on a connection is not the HTTP that was expected, from `side`."""

    recorder: str
    connection: str
    side: str
    why: str


# --- SSH server -----------------------------------------------------------------------------------


class ServerSession(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="server-session"):
    """The server accepted a session. `session` is its own name for it.

    `peer` and `channel` are how it is matched to the user's.
    """

    session: str
    peer: str
    channel: int
    connection_id: str
    ssh_user: str
    local_user: str
    shell: str
    command: str = ""


class PolicyApplied(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="policy-applied"):
    """The action that counts for the session."""

    session: str
    action: SSHAction


class Entered(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="entered"):
    """The session entered a state of the failure state machine."""

    session: str
    state: State
    why: str = ""


class Aborted(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="aborted"):
    """The user left while a recorder was being chosen: outside the table (D16)."""

    session: str


class Attempted(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="attempted"):
    """A recorder was tried; `failure` is empty when it took the recording."""

    session: str
    recorder: str
    failure: str = ""


class CommandStarted(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="command-started"):
    """The session's command runs, recorded or not."""

    session: str
    recorded: bool


class CommandExited(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="command-exited"):
    """The session's command is gone. A negative status is minus the signal's number."""

    session: str
    status: int


class Left(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="left"):
    """Everything of the session is over on the server: no process, no stream, no timer is left."""

    session: str


# --- API proxy ------------------------------------------------------------------------------------


class EventDue(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="event-due"):
    """A request of `peer` is to be recorded as an event by the first of `recorders` that can.

    `event` is the proxy's own name for it; recorders are addresses, in order.
    """

    event: str
    peer: str
    recorders: tuple[str, ...]


class EventDial(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="event-dial"):
    """The proxy is connected to a recorder from its own address `local`, for one event."""

    event: str
    recorder: str
    local: str


class EventTried(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="event-tried"):
    """A recorder was tried. `outcome` is ``stored``, ``unsupported`` or ``failed``."""

    event: str
    recorder: str
    outcome: str
    why: str = ""


class EventOver(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="event-over"):
    """No further recorder is tried; `stored_by` is the address of the one that has the event."""

    event: str
    stored_by: str = ""


# --- recorder -------------------------------------------------------------------------------------


class RecorderListening(
    _Kind, frozen=True, kw_only=True, omit_defaults=True, tag="recorder-listening"
):
    """The recorder serves."""

    address: str


class UploadStarted(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="upload-started"):
    """A recording was accepted. `upload` is the recorder's own name for it."""

    upload: str
    version: str
    """``v1`` or ``v2``."""


class UploadRefused(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="upload-refused"):
    """A recording was refused before its first byte."""

    version: str
    status: int
    reason: str


class UploadStored(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="upload-stored"):
    """A recording ended and is stored whole. `complete` is false when the client broke off."""

    upload: str
    path: str
    size: int
    complete: bool


class UploadFailed(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="upload-failed"):
    """A recording could not be stored."""

    upload: str
    reason: str
    size: int


# --- storage --------------------------------------------------------------------------------------


class Stored(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="stored"):
    """A recording as it lies in storage after the scenario. `path` is relative to the base path."""

    store: str
    path: str
    data: bytes


class EventStored(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="event-stored"):
    """An event as it lies in storage after the scenario. `path` is relative to the base path."""

    store: str
    path: str
    data: bytes


# --- control plane --------------------------------------------------------------------------------


class ActionServed(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="action-served"):
    """The control plane answered which action counts for a connection."""

    peer: str
    destination: str
    ssh_user: str
    action: SSHAction


class NoticeReceived(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="notice-received"):
    """A failure notice arrived and was answered with `status`."""

    path: str
    body: bytes
    status: int


class ControlReceived(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="control-received"):
    """Any other request body that the control plane received."""

    path: str
    body: bytes


# --- fault injector -------------------------------------------------------------------------------


class FaultApplied(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="fault-applied"):
    """A fault is in force from here on."""

    fault: str
    node: str


class FaultCleared(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="fault-cleared"):
    """A fault is over."""

    fault: str
    node: str


# --- world ----------------------------------------------------------------------------------------


class Played(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="played"):
    """How the scenario was played. First event of the world's part."""

    scenario: str
    world: Annotated[str, msgspec.Meta(pattern="^(live|sim)$")]
    seed: int
    speed: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    without: tuple[str, ...] = ()
    """Observers that this target does not have: a foreign SSH server has no ``server``."""
    began: int = 0
    """When it began, in Unix seconds; 0 when nobody noted it."""


class Addressed(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="addressed"):
    """The tailnet address under which a node was reachable.

    `node_id` and `numeric_id` are what the control plane knows it by; empty and 0: not noted.
    """

    node: str
    address: str
    node_id: str = ""
    numeric_id: int = 0


class Survived(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="survived"):
    """A process that a session had started still ran when all sessions were over."""

    pid: int
    command: str


class CommandRan(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="command-ran"):
    """A command left the mark by which a scenario tells that it ran, whatever the server says.

    The mark is the file ``ran-SESSION``; `ran_at` is when it was last written, on the clock of the
    history.
    """

    session: str
    ran_at: int


class SecretSearched(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="secret-searched"):
    """A canary was looked for in all that was recorded, logged, stored, shown or sent.

    `where` lists the places searched, `found` those that held it.
    """

    secret: str
    where: tuple[str, ...]
    found: tuple[str, ...] = ()


Kind: TypeAlias = (
    End | Gap | Problem | Late
    | UserConnected | UserConnectionFailed | SessionOpened | Typed | Resized | Shown | Handed
    | RelayPaused | RelayResumed | Saw | Forwarded | ExitSeen | SessionClosed | HungUp | GaveUp
    | ApiAsked | ApiAnswered | EventDue | EventDial | EventTried | EventOver | EventStored
    | Dialled | Requested | Answered | AnswerBody | BodyStarted | BodyEnded | AnswerEnded
    | Settled | Overran | WentAway | StreamBroken | Disconnected | Unreadable
    | ServerSession | PolicyApplied | Entered | Aborted | Attempted | CommandStarted
    | CommandExited | Left
    | RecorderListening | UploadStarted | UploadRefused | UploadStored | UploadFailed
    | Stored
    | ActionServed | NoticeReceived | ControlReceived
    | FaultApplied | FaultCleared
    | Played | Addressed | Survived | CommandRan | SecretSearched
    | CasePlayed | Connected | ConnectFailed | Asked | BodySent | BodyCut | Headers | StreamReset
    | FrameSeen | RawSent | Waited | Kept | Looked | Strayed | Signalled | Measured | Remarked
)  # fmt: skip


MOST = (1 << 63) - 1
"""What a number or a time of an event can be at most."""


class Event(msgspec.Struct, frozen=True):
    """One line of a history."""

    observer: str
    seq: Annotated[int, msgspec.Meta(ge=0, le=MOST)]
    at: Annotated[int, msgspec.Meta(ge=0, le=MOST)]
    what: Kind


History: TypeAlias = tuple[Event, ...]


class HistoryError(ValueError):
    """A saved history that cannot be read; the message names the line."""


class Log:
    """One observer's part of a history while it is being written.

    `clock` returns monotonic nanoseconds; every event goes to `sink` as soon as it is noted. A
    part that was restarted goes on counting at `first_seq`.
    """

    def __init__(
        self,
        observer: str,
        clock: Callable[[], int],
        sink: Callable[[Event], None],
        first_seq: int = 0,
    ) -> None:
        self.observer = observer
        self._clock = clock
        self._sink = sink
        self._seq = first_seq

    def note(self, what: Kind, *, at: int | None = None) -> None:
        """Write down what happened, now or at the monotonic time `at`."""
        event = Event(self.observer, self._seq, self._clock() if at is None else at, what)
        self._seq += 1
        self._sink(event)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def to_line(event: Event) -> bytes:
    """Encode one event as a line of JSON, its newline included."""
    return _encoder.encode(event) + b"\n"


def from_line(line: bytes) -> Event:
    """Decode one line; raises HistoryError with what is wrong."""
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HistoryError(str(error)) from None
    except RecursionError:
        raise HistoryError("nested too deeply") from None


def to_lines(history: Iterable[Event]) -> bytes:
    """Encode a whole history as JSON lines."""
    return b"".join(map(to_line, history))


def from_lines(data: bytes) -> History:
    """Decode a saved history; raises HistoryError naming the line (from 1)."""
    events = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                events.append(from_line(line))
            except HistoryError as error:
                raise HistoryError(f"line {number}: {error}") from None
    return tuple(events)


KINDS: dict[str, type[Kind]] = {kind.__struct_config__.tag: kind for kind in get_args(Kind)}
"""All kinds of event by the name that they have in files."""
