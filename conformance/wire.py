"""What is fixed on the wire and on the clock: paths, timers, and the JSON that parts exchange.

Source of every value: the protocol facts, sections 2 to 8 (``docs/protocol.md``), which name
upstream's files. Times are integer nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

V1_RECORD = "/record"
V2_RECORD = "/v2/record"
V2_EVENT = "/v2/event"

SECOND = 1_000_000_000

REJECTED_EXIT_STATUS = 254
"""Exit status of a session that was refused because it could not be recorded (D6)."""


DEFAULT_TERM = "xterm-256color"
"""TERM of a recording whose client did not say what its terminal is (section 6)."""


class Timers(msgspec.Struct, frozen=True):
    """The protocol's timers (section 8), in nanoseconds."""

    dial: int = 5 * SECOND
    probe: int = 10 * SECOND
    open: int = 5 * SECOND
    choose: int = 30 * SECOND
    ack_cadence: int = 5 * SECOND
    ack_window: int = 30 * SECOND
    idle_connection: int = 30 * SECOND
    final: int = 30 * SECOND

    def divided(self, speed: int) -> Timers:
        """Return the same timers, `speed` times shorter (reference parts only)."""
        return Timers(**{name: getattr(self, name) // speed for name in self.__struct_fields__})


class OnRecordingFailure(
    msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True, kw_only=True
):
    """What the SSH server does when recording fails (section 2); the messages are independent."""

    reject_session_with_message: str = ""
    terminate_session_with_message: str = ""
    notify_url: str = msgspec.field(name="NotifyURL", default="")


class SSHAction(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, rename="camel"):
    """What the control plane answers for one connection (section 2; upstream: tailcfg).

    `recorders` is None when the key is absent; an empty list is not the same thing (D3).
    Addresses are ``ip:port``.
    """

    accept: bool = False
    reject: bool = False
    message: str = ""
    hold_and_delegate: str = ""
    recorders: tuple[str, ...] | None = None
    on_recording_failure: OnRecordingFailure | None = None

    @property
    def recording_required(self) -> bool:
        """True when the session must be recorded or its failure action taken (D3)."""
        return self.recorders is not None or self.on_recording_failure is not None

    def followed_by(self, last: SSHAction) -> SSHAction:
        """Return `last` with the recorders and failure action that count (section 2, `check`).

        The last action's recorders and failure action replace this one's when its list is not
        empty; otherwise this one's stand.
        """
        source = last if last.recorders else self
        return msgspec.structs.replace(
            last, recorders=source.recorders, on_recording_failure=source.on_recording_failure
        )


ANY_USER = "*"
"""A key of `ssh_users`: all that are not named."""
SAME = "="
"""A value of `ssh_users`: the account that was asked for."""


class SSHPrincipal(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, rename="camel"):
    """Who may connect: the node with this stable ID, or anybody."""

    node: str = ""
    any: bool = False


class SSHRule(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, rename="camel"):
    """One rule. `ssh_users` maps the user that is asked for to the account; an empty one is no."""

    principals: tuple[SSHPrincipal, ...]
    ssh_users: Mapping[str, str] = {}
    action: SSHAction

    def matches(self, node: str, ssh_user: str) -> bool:
        """Tell whether it matches a connection from the node with this stable ID."""
        known = any(principal.any or principal.node == node for principal in self.principals)
        account = self.ssh_users.get(ssh_user, self.ssh_users.get(ANY_USER, ""))
        return known and (self.action.reject or bool(account))


class Attempt(msgspec.Struct, frozen=True, rename="pascal"):
    """One recorder that was tried: its address, and why it failed (empty: it worked)."""

    recorder: str
    failure_message: str = ""


class NoticeType:
    """`EventType` of a failure notice (section 5)."""

    REJECTED = 1
    TERMINATED = 2
    FAILED = 3


class Notice(msgspec.Struct, frozen=True, rename="pascal", kw_only=True):
    """The failure notice that an SSH server posts to the control plane (section 5)."""

    event_type: int
    connection_id: str = msgspec.field(name="ConnectionID")
    cap_version: int
    node_key: str
    src_node: int
    ssh_user: str = msgspec.field(name="SSHUser")
    local_user: str
    recording_attempts: tuple[Attempt, ...]


class Kubernetes(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """The `kubernetes` object of a recording header (section 6)."""

    pod_name: str = ""
    namespace: str = ""
    container: str = ""
    session_type: str = ""


class CastHeader(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, rename="camel"):
    """The header line of a recording, as a recorder client writes it (section 6).

    Written, never read: a recording is read by `conformance.asciicast`, which forgives nothing.
    """

    version: int
    width: int
    height: int
    timestamp: int
    env: dict[str, str] | None
    command: str = ""
    src_node: str = ""
    src_node_id: str = msgspec.field(name="srcNodeID", default="")
    src_node_tags: tuple[str, ...] | None = None
    src_node_user_id: int = msgspec.field(name="srcNodeUserID", default=0)
    src_node_user: str = ""
    ssh_user: str = ""
    local_user: str = ""
    connection_id: str = msgspec.field(name="connectionID", default="")
    kubernetes: Kubernetes | None = None


class AckFrame(msgspec.Struct, frozen=True, omit_defaults=True):
    """One JSON object of a v2 answer (section 4): bytes received so far, or the last word."""

    ack: int = 0
    error: str = ""
