"""What recorders, the storage behind them and the control plane before them say."""

from __future__ import annotations

from typing import TypeAlias

from conformance.kind import BaseKind as _Kind
from conformance.wire import SSHAction, SSHRule

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
    """The control plane answered which action counts for a connection.

    `source` is the stable ID of the peer's node, empty when it is not noted or nobody's. `rules`
    are the rules that were sent with it, in their order, where a policy decides.
    """

    peer: str
    destination: str
    ssh_user: str
    action: SSHAction
    source: str = ""
    rules: tuple[SSHRule, ...] = ()


class NoticeReceived(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="notice-received"):
    """A failure notice arrived and was answered with `status`."""

    path: str
    body: bytes
    status: int


class ControlReceived(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="control-received"):
    """Any other request body that the control plane received."""

    path: str
    body: bytes


RecorderKind: TypeAlias = (
    RecorderListening | UploadStarted | UploadRefused | UploadStored | UploadFailed | Stored
    | EventStored | ActionServed | NoticeReceived | ControlReceived
)  # fmt: skip
