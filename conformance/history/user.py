"""What the user and the user's workstation see: SSH, the relay beside it, the Kubernetes API."""

from __future__ import annotations

from typing import TypeAlias

from conformance.kind import BaseKind as _Kind


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
    """The SSH connection could not be made, or its time did not come: then it was not `tried`."""

    connection: str
    reason: str
    tried: bool = True


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


UserKind: TypeAlias = (
    UserConnected | UserConnectionFailed | SessionOpened | Typed | Resized | Shown | Handed
    | RelayPaused | RelayResumed | Saw | ExitSeen | Forwarded | SessionClosed | HungUp | GaveUp
    | ApiAsked | ApiAnswered
)  # fmt: skip
