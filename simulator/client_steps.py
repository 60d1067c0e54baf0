"""What goes into the recorder client and what comes out: its events and its effects.

`simulator.client` is the transition system between the two. An operation that takes time carries
the number `op` of the effect that began it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, TypeAlias

import msgspec

from conformance.machine import State
from conformance.wire import Attempt

# --- events ---------------------------------------------------------------------------------------


class Event(msgspec.Struct, frozen=True, gc=False):
    """Base of all events."""


class PolicyAnswered(Event, frozen=True, gc=False):
    """The policy is known. Messages may be empty, each on its own; addresses are ``ip:port``."""

    required: bool
    recorders: tuple[str, ...] = ()
    reject_message: str = ""
    terminate_message: str = ""
    notify: bool = False


class Connected(Event, frozen=True, gc=False):
    """The dial `op` succeeded."""

    op: int


class DialFailed(Event, frozen=True, gc=False):
    """The dial `op` failed."""

    op: int
    why: str


class Probed(Event, frozen=True, gc=False):
    """The probe `op` was answered, or failed (then `v2` is false)."""

    op: int
    v2: bool


class Opened(Event, frozen=True, gc=False):
    """The upload `op` was accepted: the 200 (v2) or the interim 100 (v1) is here."""

    op: int


class OpenFailed(Event, frozen=True, gc=False):
    """The upload `op` was refused or its connection failed before it was accepted."""

    op: int
    why: str


class Handed(Event, frozen=True, gc=False):
    """Everything sent on `op` so far has left for the recorder."""

    op: int


class AckReceived(Event, frozen=True, gc=False):
    """An ack frame came; upstream never uses the number, and neither do we (section 4)."""

    op: int
    ack: int


class ErrorReceived(Event, frozen=True, gc=False):
    """An error frame came: the recording failed."""

    op: int
    message: str


class AnswerEnded(Event, frozen=True, gc=False):
    """The answer of `op` ended cleanly, and after v1 its status was 200."""

    op: int


class UploadLost(Event, frozen=True, gc=False):
    """The upload `op` is lost: transport error, reset, bad status, or not an ack frame."""

    op: int
    why: str


class TimerFired(Event, frozen=True, gc=False):
    """The timer that was last set under this name fired."""

    timer: Timer


class Output(Event, frozen=True, gc=False):
    """The command wrote `data` (opaque to the core; whole characters, D7)."""

    data: Any


class CommandExited(Event, frozen=True, gc=False):
    """The command is gone and all its output went in as `Output` before."""

    status: int


class UserLeft(Event, frozen=True, gc=False):
    """The user's channel is gone."""


# --- effects --------------------------------------------------------------------------------------


class Effect(msgspec.Struct, frozen=True, gc=False):
    """Base of all effects."""


class Enter(Effect, frozen=True, gc=False):
    """The session enters a state of the failure state machine."""

    state: State
    why: str = ""


class Dial(Effect, frozen=True, gc=False):
    """Connect to `address`; answer with `Connected` or `DialFailed`."""

    op: int
    address: str


class Probe(Effect, frozen=True, gc=False):
    """Ask for v2 on the connection of `op`; answer with `Probed`."""

    op: int


class Open(Effect, frozen=True, gc=False):
    """Start the upload on the connection of `op`; answer with `Opened` or `OpenFailed`."""

    op: int
    v2: bool


class Cancel(Effect, frozen=True, gc=False):
    """Drop `op`, its connection and all it would still report."""

    op: int


class SendHeader(Effect, frozen=True, gc=False):
    """Send the header line on `op`."""

    op: int


class Send(Effect, frozen=True, gc=False):
    """Send `data` as one event line on `op`; say `Handed` when it left."""

    op: int
    data: Any


class CloseBody(Effect, frozen=True, gc=False):
    """End the body of `op`; the final answer is awaited."""

    op: int


class SetTimer(Effect, frozen=True, gc=False):
    """Fire `timer` at `at`; a timer of that name that is still set is replaced."""

    timer: Timer
    at: int


class StopTimer(Effect, frozen=True, gc=False):
    """Forget `timer`."""

    timer: Timer


class StartCommand(Effect, frozen=True, gc=False):
    """Run the user's command."""

    recorded: bool


class Show(Effect, frozen=True, gc=False):
    """Let `data` reach the user."""

    data: Any


class Reject(Effect, frozen=True, gc=False):
    """Show `message` and CRLF on stdout and end with exit status 254; nothing ever ran."""

    message: str


class Terminate(Effect, frozen=True, gc=False):
    """Show `message` between CRLFs on stderr, then end the command and what it started."""

    message: str


class KillCommand(Effect, frozen=True, gc=False):
    """The user is gone: hang up on the command; answer with `CommandExited`."""


class Exit(Effect, frozen=True, gc=False):
    """Tell the user's client how the command ended."""

    status: int


class Tried(Effect, frozen=True, gc=False):
    """One attempt is over; for the log."""

    recorder: str
    failure: str


class Notify(Effect, frozen=True, gc=False):
    """Post a failure notice; its outcome changes nothing for the session."""

    event_type: int
    attempts: tuple[Attempt, ...]


class Abort(Effect, frozen=True, gc=False):
    """The user left while a recorder was being chosen: outside the table (D16)."""


class Finish(Effect, frozen=True, gc=False):
    """The session is over; nothing of it may be left behind."""


Effects: TypeAlias = list[Effect]


class Timer(IntEnum):
    """The names of the timers; one of each at most is set."""

    CHOOSE = 0
    """All attempts together: 30 s."""
    STEP = 1
    """The dial, probe or open under way."""
    ACK = 2
    """30 s after the last frame of any kind."""
    FINAL = 3
    """The final answer: 30 s."""
