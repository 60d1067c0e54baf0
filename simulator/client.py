"""The recorder client and the failure handling of one session, sans-IO.

Events go in, each with the monotonic time in nanoseconds, effects come out, in the order in which
the driver must carry them out. Two drivers run this same object: asyncio in the live SSH server
(`simulator/ssh_session.py`) and SimPy in virtual time. It stands above HTTP: framing, flow control
and the order of headers and body belong to the drivers and are proven live only.

**How a driver uses it.** `Client.start`, then `Client.on(event, now)` for all that happens, and
every returned effect carried out in order. An operation that takes time (dial, probe, open, and
the upload that follows) carries the number `op` of the effect that began it; events of an
operation that was cancelled or overtaken are ignored, so a driver may be late. Output is shown
only by the effect `Show`, which comes after the driver said `Handed`: everything sent so far has
left for the recorder. While `Client.wants_output` is false the driver reads nothing more from the
command, so a recorder that stops reading stalls the terminal (protocol, section 4).

The state is plain data in `Session`: integers, strings and tuples, copyable and hashable, and
nothing here is random. The transition table of `conformance.machine` is deliberately not read
here; tests hold the two against each other.

Sources: protocol sections 3 to 5 and D1 to D16.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import msgspec

from conformance.machine import State
from conformance.wire import Attempt, NoticeType, Timers
from simulator.client_steps import (
    Abort,
    AckReceived,
    AnswerEnded,
    Cancel,
    CloseBody,
    CommandExited,
    Connected,
    Dial,
    DialFailed,
    Effects,
    Enter,
    ErrorReceived,
    Event,
    Exit,
    Finish,
    Handed,
    KillCommand,
    Notify,
    Open,
    Opened,
    OpenFailed,
    Output,
    PolicyAnswered,
    Probe,
    Probed,
    Reject,
    Send,
    SendHeader,
    SetTimer,
    Show,
    StartCommand,
    StopTimer,
    Terminate,
    Timer,
    TimerFired,
    Tried,
    UploadLost,
    UserLeft,
)


class Phase(IntEnum):
    """Where the client is; finer than the states, which are for people."""

    NEW = 0
    DIAL = 1
    PROBE = 2
    DIAL_V1 = 3
    OPEN = 4
    STREAMING = 5
    CLOSING = 6
    UNRECORDED = 7
    OVER = 8


OUT_OF_TIME = "no recorder was found in time"
"""Why an attempt fails that the time for all of them together has ended."""

UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


def harmless(text: str) -> str:
    """Return what a recorder said, fit for terminals: notices and logs are read there."""
    return "".join(character if character.isprintable() else UNPRINTABLE for character in text)


_CHOOSING = frozenset({Phase.DIAL, Phase.PROBE, Phase.DIAL_V1, Phase.OPEN})


class Session(msgspec.Struct):
    """All the state there is: plain, comparable, copyable with `copy.copy`."""

    phase: Phase = Phase.NEW
    state: State = State.START
    recorders: tuple[str, ...] = ()
    reject_message: str = ""
    terminate_message: str = ""
    notify: bool = False
    attempts: tuple[Attempt, ...] = ()
    index: int = 0
    op: int = 0
    v2: bool = False
    choose_by: int = 0
    last_frame_at: int = 0
    unhanded: int = 0
    """Sends (the header's included) that the driver has not yet said `Handed` for."""
    waiting: tuple[Any, ...] = ()
    """Output that was sent and may be shown once handed."""
    exit_status: int | None = None
    user_left: bool = False

    def key(self) -> tuple[Any, ...]:
        """Return everything as one hashable value, for recognising equal states."""
        return msgspec.structs.astuple(self)


class Client:
    """The transition system: `on` changes `session` and returns the effects."""

    def __init__(self, timers: Timers, session: Session | None = None) -> None:
        self.timers = timers
        self.session = session or Session()

    @property
    def wants_output(self) -> bool:
        """True when the driver may read more from the command."""
        return not self.session.waiting

    def start(self) -> Effects:
        """Begin the session: it is connecting, and its policy is being looked up."""
        return [self._enter(State.CONNECTING)]

    def on(self, event: Event, now: int) -> Effects:
        """Take in what happened at `now` and return what must be done, in order."""
        return _HANDLERS[type(event)](self, event, now)

    # --- choosing a recorder (section 3) --------------------------------------------------------

    def policy_answered(self, event: PolicyAnswered, now: int) -> Effects:
        """Decide whether to record, and dial the first recorder (D3)."""
        s = self.session
        if s.phase is not Phase.NEW:
            return []
        s.recorders = event.recorders
        s.reject_message = event.reject_message
        s.terminate_message = event.terminate_message
        s.notify = event.notify
        effects: Effects = [self._enter(State.CHECK_POLICY)]
        if not event.required:
            s.phase = Phase.UNRECORDED
            return [*effects, self._enter(State.NO_RECORDING), StartCommand(recorded=False)]
        effects.append(self._enter(State.FIND_RECORDER))
        effects.append(self._enter(State.TRY_PRIMARY))
        if not s.recorders:
            effects.append(self._enter(State.TRY_FAILOVER, "no recorder to try"))
            return effects + self.recording_failed("no recorder to try")
        s.choose_by = now + self.timers.choose
        effects.append(SetTimer(Timer.CHOOSE, s.choose_by))
        return effects + self.dial(Phase.DIAL, now)

    def dial(self, phase: Phase, now: int) -> Effects:
        """Dial the recorder whose turn it is."""
        s = self.session
        s.phase = phase
        s.op += 1
        return [
            SetTimer(Timer.STEP, min(now + self.timers.dial, s.choose_by)),
            Dial(s.op, s.recorders[s.index]),
        ]

    def connected(self, event: Connected, now: int) -> Effects:
        """Probe on a fresh connection, or open v1 on the second one."""
        s = self.session
        if event.op != s.op or s.phase not in (Phase.DIAL, Phase.DIAL_V1):
            return []
        if now >= s.choose_by:
            return self.attempt_failed(OUT_OF_TIME, now)
        if s.phase is Phase.DIAL:
            s.phase = Phase.PROBE
            return [
                SetTimer(Timer.STEP, min(now + self.timers.probe, s.choose_by)),
                Probe(s.op),
            ]
        return self.open(now, v2=False)

    def dial_failed(self, event: DialFailed, now: int) -> Effects:
        """Give the recorder up: a failed dial ends the attempt (D2)."""
        s = self.session
        if event.op != s.op or s.phase not in (Phase.DIAL, Phase.DIAL_V1):
            return []
        return self.attempt_failed(f"dial: {event.why}", now)

    def probed(self, event: Probed, now: int) -> Effects:
        """Go on with v2 on this connection, or with v1 on a new one."""
        s = self.session
        if event.op != s.op or s.phase is not Phase.PROBE:
            return []
        if now >= s.choose_by:
            return self.attempt_failed(OUT_OF_TIME, now)
        if event.v2:
            return self.open(now, v2=True)
        return [Cancel(s.op), *self.dial(Phase.DIAL_V1, now)]

    def open(self, now: int, *, v2: bool) -> Effects:
        """Ask the recorder to take the recording."""
        s = self.session
        s.phase = Phase.OPEN
        s.v2 = v2
        return [
            SetTimer(Timer.STEP, min(now + self.timers.open, s.choose_by)),
            Open(s.op, v2),
        ]

    def open_failed(self, event: OpenFailed, now: int) -> Effects:
        """Move on to the next address: a refused v2 upload is never tried again as v1."""
        s = self.session
        if event.op != s.op or s.phase is not Phase.OPEN:
            return []
        return self.attempt_failed(event.why, now)

    def attempt_failed(self, why: str, now: int) -> Effects:
        """Note the failure and try the next recorder, if there is one and time is left."""
        s = self.session
        address = s.recorders[s.index]
        s.attempts += (Attempt(address, why),)
        s.index += 1
        effects: Effects = [Cancel(s.op), Tried(address, why)]
        if s.state is State.TRY_PRIMARY:
            effects.append(self._enter(State.TRY_FAILOVER, why))
        if s.index < len(s.recorders) and now < s.choose_by:
            return effects + self.dial(Phase.DIAL, now)
        return effects + self.recording_failed(why)

    def recording_failed(self, why: str) -> Effects:
        """No recorder could be started: the failure action decides (section 5)."""
        s = self.session
        effects: Effects = [
            StopTimer(Timer.STEP),
            StopTimer(Timer.CHOOSE),
            self._enter(State.RECORDING_FAILED, why),
        ]
        rejected = self.rejects()
        effects += self.notice(NoticeType.REJECTED if rejected else NoticeType.FAILED)
        if rejected:
            s.phase = Phase.OVER
            return [
                *effects,
                self._enter(State.SESSION_REJECTED),
                Reject(s.reject_message),
                Finish(),
            ]
        s.phase = Phase.UNRECORDED
        return [*effects, self._enter(State.SESSION_ALLOWED), StartCommand(recorded=False)]

    def rejects(self) -> bool:
        """Tell whether a session that cannot be recorded is refused."""
        return bool(self.session.reject_message)

    def terminates(self) -> bool:
        """Tell whether a session whose recording is lost is ended."""
        return bool(self.session.terminate_message)

    def notice(self, event_type: int) -> Effects:
        """Tell the control plane, when it wants to know and something was tried."""
        s = self.session
        return [Notify(event_type, s.attempts)] if s.notify and s.attempts else []

    # --- streaming (section 4) ------------------------------------------------------------------

    def opened(self, event: Opened, now: int) -> Effects:
        """Start the recording, and the command with it."""
        s = self.session
        if event.op != s.op or s.phase is not Phase.OPEN:
            return []
        address = s.recorders[s.index]
        s.attempts += (Attempt(address),)
        s.phase = Phase.STREAMING
        s.last_frame_at = now
        s.unhanded = 1
        effects: Effects = [
            StopTimer(Timer.STEP),
            StopTimer(Timer.CHOOSE),
            Tried(address, ""),
            self._enter(State.CONNECTED),
            self._enter(State.STREAMING),
        ]
        if s.v2:
            effects.append(SetTimer(Timer.ACK, now + self.timers.ack_window))
        return [*effects, SendHeader(s.op), StartCommand(recorded=True)]

    def output(self, event: Output, now: int) -> Effects:  # noqa: ARG002
        """Record first, show when handed over; without a recording, show."""
        s = self.session
        if s.phase is Phase.STREAMING:
            s.waiting += (event.data,)
            s.unhanded += 1
            return [Send(s.op, event.data)]
        if s.phase is Phase.UNRECORDED:
            return [Show(event.data)]
        return []

    def handed(self, event: Handed, now: int) -> Effects:
        """Show what was sent, and close the body if the command is gone already."""
        s = self.session
        if event.op != s.op or s.phase is not Phase.STREAMING:
            return []
        s.unhanded = 0
        effects = self.show_waiting()
        if s.exit_status is not None:
            effects += self.close(now)
        return effects

    def show_waiting(self) -> Effects:
        """Let everything that waited reach the user."""
        effects: Effects = [Show(data) for data in self.session.waiting]
        self.session.waiting = ()
        return effects

    def ack_received(self, event: AckReceived, now: int) -> Effects:
        """Move the ack window."""
        if event.op == self.session.op:
            self.session.last_frame_at = now
        return []

    def error_received(self, event: ErrorReceived, now: int) -> Effects:
        """The recorder says that the recording failed."""
        return self.lost(event.op, f"recorder: {harmless(event.message)}", now)

    def upload_lost(self, event: UploadLost, now: int) -> Effects:
        """The transport, the status or the frames say that the recording failed."""
        return self.lost(event.op, event.why, now)

    def answer_ended(self, event: AnswerEnded, now: int) -> Effects:
        """A clean end after the session's end is success, before it a loss."""
        s = self.session
        if event.op == s.op and s.phase is Phase.CLOSING:
            s.phase = Phase.OVER
            return [
                StopTimer(Timer.FINAL),
                Cancel(s.op),
                self._enter(State.SESSION_COMPLETE),
                Finish(),
            ]
        return self.lost(event.op, "the answer ended before the session did", now)

    def lost(self, op: int, why: str, now: int) -> Effects:  # noqa: ARG002
        """The recording is lost: the failure action decides (section 5, D12)."""
        s = self.session
        if op != s.op or s.phase not in (Phase.STREAMING, Phase.CLOSING):
            return []
        closing = s.phase is Phase.CLOSING
        s.attempts = (*s.attempts[:-1], Attempt(s.attempts[-1].recorder, why))
        effects: Effects = [
            StopTimer(Timer.ACK),
            StopTimer(Timer.FINAL),
            Cancel(s.op),
            self._enter(State.CONNECTION_LOST, why),
        ]
        terminates = self.terminates()
        effects += self.notice(NoticeType.TERMINATED if terminates else NoticeType.FAILED)
        if terminates:
            s.phase = Phase.OVER
            s.waiting = ()
            effects.append(self._enter(State.SESSION_TERMINATED))
            if s.exit_status is None:
                effects.append(Terminate(s.terminate_message))
            elif not closing:  # the command had exited, its last output was never handed over
                effects.append(Exit(s.exit_status))
            return [*effects, Finish()]
        effects.append(self._enter(State.CONTINUE_UNRECORDED))
        s.phase = Phase.UNRECORDED
        effects += self.show_waiting()
        if closing:
            return effects + self.complete()
        if s.exit_status is not None:
            return [*effects, Exit(s.exit_status), *self.complete()]
        return effects

    # --- the end --------------------------------------------------------------------------------

    def command_exited(self, event: CommandExited, now: int) -> Effects:
        """End the recording and the session."""
        s = self.session
        if s.phase is Phase.STREAMING and s.exit_status is None:
            s.exit_status = event.status
            return [] if s.unhanded else self.close(now)
        if s.phase is Phase.UNRECORDED:
            s.exit_status = event.status
            return [Exit(event.status), *self.complete()]
        return []

    def close(self, now: int) -> Effects:
        """End the body, tell the user's client, and await the final answer (D13)."""
        s = self.session
        assert s.exit_status is not None
        s.phase = Phase.CLOSING
        return [
            StopTimer(Timer.ACK),
            SetTimer(Timer.FINAL, now + self.timers.final),
            CloseBody(s.op),
            Exit(s.exit_status),
        ]

    def complete(self) -> Effects:
        """The session ends without a recording to wait for."""
        self.session.phase = Phase.OVER
        return [self._enter(State.SESSION_COMPLETE), Finish()]

    def user_left(self, event: UserLeft, now: int) -> Effects:  # noqa: ARG002
        """Hang up on the command, or give up choosing (D16)."""
        s = self.session
        if s.user_left or s.phase in (Phase.OVER, Phase.CLOSING):
            return []
        s.user_left = True
        if s.phase in _CHOOSING or s.phase is Phase.NEW:
            s.phase = Phase.OVER
            return [
                StopTimer(Timer.STEP),
                StopTimer(Timer.CHOOSE),
                Cancel(s.op),
                Abort(),
                Finish(),
            ]
        return [KillCommand()]

    # --- timers ---------------------------------------------------------------------------------

    def timer_fired(self, event: TimerFired, now: int) -> Effects:
        """One of our own deadlines passed."""
        s = self.session
        if event.timer is Timer.STEP and s.phase in _CHOOSING:
            return self.step_timed_out(now)
        if event.timer is Timer.CHOOSE and s.phase in _CHOOSING:
            return self.attempt_failed(OUT_OF_TIME, max(now, s.choose_by))
        if event.timer is Timer.ACK and s.phase is Phase.STREAMING:
            due = s.last_frame_at + self.timers.ack_window
            if now >= due:
                return self.lost(s.op, "no ack came within the ack window", now)
            return [SetTimer(Timer.ACK, due)]
        if event.timer is Timer.FINAL and s.phase is Phase.CLOSING:
            return self.lost(s.op, "no final answer came in time", now)
        return []

    def step_timed_out(self, now: int) -> Effects:
        """A dial, probe or open took too long; a silent probe means v1 (section 3)."""
        s = self.session
        if now >= s.choose_by:
            return self.attempt_failed(OUT_OF_TIME, now)
        if s.phase is Phase.PROBE:
            return [Cancel(s.op), *self.dial(Phase.DIAL_V1, now)]
        what = "the upload was not accepted" if s.phase is Phase.OPEN else "dial"
        return self.attempt_failed(f"{what}: timed out", now)

    def _enter(self, state: State, why: str = "") -> Enter:
        self.session.state = state
        return Enter(state, why)


_HANDLERS: dict[type[Event], Callable[[Client, Any, int], Effects]] = {
    PolicyAnswered: lambda c, e, now: c.policy_answered(e, now),
    Connected: lambda c, e, now: c.connected(e, now),
    DialFailed: lambda c, e, now: c.dial_failed(e, now),
    Probed: lambda c, e, now: c.probed(e, now),
    Opened: lambda c, e, now: c.opened(e, now),
    OpenFailed: lambda c, e, now: c.open_failed(e, now),
    Handed: lambda c, e, now: c.handed(e, now),
    AckReceived: lambda c, e, now: c.ack_received(e, now),
    ErrorReceived: lambda c, e, now: c.error_received(e, now),
    AnswerEnded: lambda c, e, now: c.answer_ended(e, now),
    UploadLost: lambda c, e, now: c.upload_lost(e, now),
    TimerFired: lambda c, e, now: c.timer_fired(e, now),
    Output: lambda c, e, now: c.output(e, now),
    CommandExited: lambda c, e, now: c.command_exited(e, now),
    UserLeft: lambda c, e, now: c.user_left(e, now),
}
"""Looked up by name on the client, so that a mutant may override one method."""
