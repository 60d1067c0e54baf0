"""The driver protocol: how a recorder client under test is spoken to.

A driver is a program around a recorder client. It reads JSON lines on standard input and writes
JSON lines to standard output, one message a line, each an object with its ``type``; what it writes
to standard error goes to a log. It plays one session and ends. The SSH server of a run is ours;
the driver stands in place of its recorder client. `docs/driver-protocol.md` says all of it in
prose, and its schema is made from the types here (`schema`).

Keys that are not known are passed over, by us and by drivers; that is how the protocol grows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

VERSION = 1
"""The version of the protocol, which counts up when a driver must be changed."""


class Can(StrEnum):
    """What a driver may be able to do; what it does not name is skipped, and the run says so."""

    V1 = "v1"
    """Its client speaks v1."""
    V2 = "v2"
    """Its client speaks v2."""
    ATTEMPTS = "attempts"
    """It reports every attempt, with the message of one that failed."""
    HANDED = "handed"
    """What it reports as written has left for the recorder: it is in the kernel."""
    FAILURE_ACTIONS = "failure-actions"
    """It takes the failure action and decides by it."""


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages."""


# --- to the driver --------------------------------------------------------------------------------


class OnFailure(msgspec.Struct, frozen=True, kw_only=True):
    """The failure action: two messages, each for itself; empty means that it is not set."""

    reject: str = ""
    """For a session that no recorder has taken: refuse it with this."""
    terminate: str = ""
    """For a session whose recording is lost: end it with this."""


class Hello(_Message, frozen=True, kw_only=True, tag="hello"):
    """The first message; `Ready` answers it."""

    protocol: int = VERSION


class Start(_Message, frozen=True, kw_only=True, tag="start"):
    """Find a recorder, and start a recording there; comes once.

    `Attempted`, as often as needed, and then `Connected` or `Failed` answer it.
    """

    recorders: tuple[str, ...]
    """Addresses as ``ip:port``, in the order in which they are to be tried; there may be none."""
    header: str
    """The first line of the recording, its line feed included, to be sent as it is, as UTF-8."""
    on_failure: OnFailure | None = None
    """The failure action; absent: the action has none."""
    source_addr: str = ""
    """The local IP address to dial from; empty: any. A client that cannot may dial from any."""


class Write(_Message, frozen=True, kw_only=True, tag="write"):
    """Send this part of the recording, and at once; only after `Connected`. `Written` answers it.

    Output of the session waits for the answer: a recorder that does not read stalls the terminal.
    Changes of the window do not wait, so that a few may be under way.
    """

    data: str
    """Whole characters, to be sent as UTF-8, as they are."""


class Close(_Message, frozen=True, kw_only=True, tag="close"):
    """The session is over: end the recording. `Ended` or `Lost` answers it."""


class Finish(_Message, frozen=True, kw_only=True, tag="end"):
    """Drop whatever is left, and end; so does the end of standard input. Nothing answers it."""


ToDriver: TypeAlias = Hello | Start | Write | Close | Finish


# --- from the driver ------------------------------------------------------------------------------


class Ready(_Message, frozen=True, kw_only=True, tag="ready"):
    """Answers `Hello`."""

    protocol: int = VERSION
    name: str
    """What the client under test is called."""
    version: str = ""
    can: tuple[str, ...] = ()
    """What the driver can do, as `Can` names it; names that we do not know are passed over."""


class Attempted(_Message, frozen=True, kw_only=True, tag="attempted"):
    """An attempt is over; they come in order, before `Connected` or `Failed`."""

    address: str
    failure: str = ""
    """Why it failed; empty: this recorder took the recording."""


class Connected(_Message, frozen=True, kw_only=True, tag="connected"):
    """A recorder takes the recording: the command is started, and its output is written."""

    address: str
    version: Literal["", "v1", "v2"] = ""
    """What is spoken, where the client says it."""


class Failed(_Message, frozen=True, kw_only=True, tag="failed"):
    """No recorder took the recording. With failure actions, `Decided` follows."""

    why: str


class Written(_Message, frozen=True, kw_only=True, tag="written"):
    """The client took this many `Write` messages in all; the user is then shown what they hold."""

    count: Annotated[int, msgspec.Meta(ge=0)]


class Lost(_Message, frozen=True, kw_only=True, tag="lost"):
    """The recording that was under way is lost. With failure actions, `Decided` follows."""

    why: str


class Ended(_Message, frozen=True, kw_only=True, tag="ended"):
    """The recorder ended the recording, and nothing says that it failed.

    Before `Close` that is a loss, which a driver need not know by itself.
    """


class Decided(_Message, frozen=True, kw_only=True, tag="decided"):
    """What the failure action calls for; the SSH server does just that."""

    does: Literal["reject", "allow", "terminate", "continue"]
    message: str = ""
    """What the user is told."""


class Refused(_Message, frozen=True, kw_only=True, tag="refused"):
    """The driver cannot do what it was told, or not any more: nothing is known of its client."""

    why: str


FromDriver: TypeAlias = (
    Ready | Attempted | Connected | Failed | Written | Lost | Ended | Decided | Refused
)

_encoder = msgspec.json.Encoder()
_to_driver = msgspec.json.Decoder(ToDriver)
_from_driver = msgspec.json.Decoder(FromDriver)


class NotTheProtocolError(ValueError):
    """A line that is no message of the protocol."""


def to_line(message: ToDriver | FromDriver) -> bytes:
    """Encode a message as one line."""
    return _encoder.encode(message) + b"\n"


def read_to_driver(line: bytes) -> ToDriver:
    """Decode what a driver is told. Raises NotTheProtocolError."""
    message: ToDriver = _read(_to_driver, line)
    return message


def read_from_driver(line: bytes) -> FromDriver:
    """Decode what a driver says. Raises NotTheProtocolError."""
    message: FromDriver = _read(_from_driver, line)
    return message


def _read(decoder: msgspec.json.Decoder[Any], line: bytes) -> Any:
    try:
        line.decode()  # the decoder does not look into what it passes over
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotTheProtocolError(f"{line[:200]!r} is no message: {error}") from None
    except RecursionError:
        raise NotTheProtocolError(f"{line[:200]!r} is nested too deeply") from None


def schema() -> dict[str, Any]:
    """Return the JSON schema of both directions, made from the types."""
    both, parts = msgspec.json.schema_components(
        (ToDriver, FromDriver), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"recspec-driver-protocol-{VERSION}",
        "title": f"The driver protocol, version {VERSION}: one message, one line",
        "anyOf": [{"$ref": "#/$defs/ToDriver"}, {"$ref": "#/$defs/FromDriver"}],
        "$defs": {"ToDriver": both[0], "FromDriver": both[1], **parts},
    }
