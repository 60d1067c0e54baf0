"""What those say of themselves that record: the SSH server, and the proxy of the Kubernetes API."""

from __future__ import annotations

from typing import TypeAlias

from conformance.kind import BaseKind as _Kind
from conformance.machine import State
from conformance.wire import SSHAction

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


ServerKind: TypeAlias = (
    ServerSession | PolicyApplied | Entered | Aborted | Attempted | CommandStarted
    | CommandExited | Left | EventDue | EventDial | EventTried | EventOver
)  # fmt: skip
