"""Everything around one recorder client, as plain data: recorders, command, user, clock, network.

`World` holds facts: what was asked, what happened, what the user was told. It is kept from events
and effects alone and never looks into the client, so the properties can be judged by it. What may
happen next is in `simulator.explore.moves`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, ClassVar

import msgspec

from conformance.machine import State
from conformance.wire import Timers
from simulator import client_steps as steps

NEVER = -1
"""A clock that does not run, a timer that is not set, an answer that was not given (ns)."""
UNSET = (NEVER,) * len(steps.Timer)
S = State


class Stage(IntEnum):
    """What became of the operation under way. The client must react to some of them at once."""

    NONE = 0
    DIAL = 1
    CONNECTED = 2
    PROBE = 3
    V2 = 4
    """The probe said so."""
    NOT_V2 = 5
    """The probe said so, or said nothing for its whole time."""
    OPEN = 6
    FAILED = 7
    """The attempt: refused, silent for its whole time, or no time is left."""
    STREAM = 8
    CLOSED = 9
    """The body was ended; the final answer is awaited."""
    LOST = 10
    ENDED = 11
    """The answer ended cleanly after the body."""


ASKED = frozenset({Stage.DIAL, Stage.PROBE, Stage.OPEN})
RESTING = ASKED | {Stage.NONE, Stage.STREAM, Stage.CLOSED}
"""The stages in which a client may wait for what comes; to all others it reacts at once."""


class Told(IntEnum):
    """How the user was told that it is over."""

    NOTHING = 0
    EXIT = 1
    REJECTED = 2
    TERMINATED = 3


class Command(IntEnum):
    """The user's command."""

    NOT_STARTED = 0
    RUNNING = 1
    EXITED = 2


def _nothing(world: World, effect: Any) -> None:
    """It changes none of the facts."""


def _tell(told: Told) -> Callable[[World, Any], None]:
    def tell(world: World, effect: Any) -> None:  # noqa: ARG001
        world.told = told

    return tell


class World(msgspec.Struct):
    """The facts of one session so far. Times are integer nanoseconds since it began."""

    now: int = 0
    policy: int = NEVER
    """Which of the policies the control plane gave."""
    state: State = State.START
    due: tuple[int, ...] = UNSET
    """When each timer fires, in the order of `Timer`."""
    faults: int = 0
    stage: Stage = Stage.NONE
    op: int = 0
    recorder: int = -1
    """The recorder that was dialled last, by its place in the policy."""
    dials: int = 0
    """Dials to it."""
    v2: bool = False
    """Whether the upload is one of v2."""
    held: bool = False
    """Whether the client holds a connection, or is getting one."""
    attempts: int = 0
    """Attempts that are over, the one that worked included."""
    took: bool = False
    """Whether the last of them worked."""
    header: bool = False
    unsaid: bool = False
    """Whether something was sent that has not left yet."""
    outputs: int = 0
    sent: int = 0
    handed: int = 0
    shown: int = 0
    command: Command = Command.NOT_STARTED
    status: int = NEVER
    """What the command exited with; a negative one never is."""
    left: bool = False
    """Whether the user has left."""
    failures: int = 0
    """How often recording failed, or was lost."""
    notices: int = 0
    told: Told = Told.NOTHING
    aborted: bool = False
    finished: bool = False
    chosen_at: int = NEVER
    """Since when a recorder is being chosen."""
    asked_at: int = NEVER
    """Since when an answer to dial, probe or open is due."""
    frame_at: int = NEVER
    """When the last frame of a v2 upload that streams came."""
    closed_at: int = NEVER
    """When the body was ended."""

    def key(self) -> tuple[Any, ...]:
        """Return everything as one value, with times and operations counted from now."""
        now = self.now
        return (
            self.policy, self.state, self.faults, self.stage, self.recorder, self.dials, self.v2,
            self.held, self.attempts, self.took, self.header, self.unsaid, self.outputs, self.sent,
            self.handed, self.shown, self.command, self.status, self.left, self.failures,
            self.notices, self.told, self.aborted, self.finished,
            *(NEVER if at < 0 else at - now for at in self.due),
            *(
                NEVER if since < 0 else now - since
                for since in (self.chosen_at, self.asked_at, self.frame_at, self.closed_at)
            ),
        )  # fmt: skip

    def waited(self, since: int) -> int:
        """Return how long (ns) a clock has run; nothing when it does not."""
        return NEVER if since < 0 else self.now - since

    # --- time -----------------------------------------------------------------------------------

    def run_out(self, timers: Timers) -> Stage:
        """Return what the protocol makes of the time that has passed by now (section 8)."""
        stage = self.stage
        if stage in ASKED:
            if self.waited(self.chosen_at) >= timers.choose:
                return Stage.FAILED
            limit = limits(timers)[stage]
            if self.waited(self.asked_at) >= limit:
                return Stage.NOT_V2 if stage is Stage.PROBE else Stage.FAILED
        elif (stage is Stage.STREAM and self.waited(self.frame_at) >= timers.ack_window) or (
            stage is Stage.CLOSED and self.waited(self.closed_at) >= timers.final
        ):
            return Stage.LOST
        return stage

    def overdue(self, timers: Timers) -> str:
        """Say which of the protocol's limits has passed without a reaction; empty: none."""
        stage = self.stage
        if self.waited(self.chosen_at) > timers.choose:
            return f"a recorder is being chosen for more than {seconds(timers.choose)} s"
        if stage in ASKED and self.waited(self.asked_at) > limits(timers)[stage]:
            what = stage.name.lower()
            return f"the {what} goes on for more than {seconds(limits(timers)[stage])} s"
        if stage is Stage.STREAM and self.waited(self.frame_at) > timers.ack_window:
            return f"no frame came for more than {seconds(timers.ack_window)} s"
        if stage is Stage.CLOSED and self.waited(self.closed_at) > timers.final:
            return f"no final answer came for more than {seconds(timers.final)} s"
        return ""

    @property
    def timed(self) -> bool:
        """Whether anything depends on the time that passes."""
        return self.due != UNSET or (
            max(self.chosen_at, self.asked_at, self.frame_at, self.closed_at) >= 0
        )

    # --- what happens ---------------------------------------------------------------------------

    def happen(self, event: steps.Event, timers: Timers) -> None:
        """Note what an event means, before the client has seen it."""
        match event:
            case steps.TimerFired(timer=timer):
                self._set(timer, NEVER)
                self.stage = self.run_out(timers)
            case steps.Connected():
                self.stage = Stage.CONNECTED
            case steps.Probed(v2=v2):
                self.stage = Stage.V2 if v2 else Stage.NOT_V2
            case steps.Opened():
                self.stage = Stage.STREAM
                self.frame_at = self.now if self.v2 else NEVER
            case steps.DialFailed() | steps.OpenFailed():
                self.stage = Stage.FAILED
            case steps.Handed():
                self.unsaid = False
                self.handed = self.sent
            case steps.AckReceived():
                if self.stage is Stage.STREAM:
                    self.frame_at = self.now
            case steps.ErrorReceived() | steps.UploadLost():
                self.stage = Stage.LOST
            case steps.AnswerEnded():
                self.stage = Stage.ENDED if self.stage is Stage.CLOSED else Stage.LOST
            case steps.Output():
                self.outputs += 1
            case steps.CommandExited(status=status):
                self.command, self.status = Command.EXITED, status
            case steps.UserLeft():
                self.left = True
            case steps.PolicyAnswered(required=required):
                self.chosen_at = self.now if required else NEVER
            case _:
                raise AssertionError(event)
        if self.stage not in ASKED:
            self.asked_at = NEVER

    def carry_out(self, effect: steps.Effect) -> None:
        """Note what the client did."""
        self._CARRY_OUT[type(effect)](self, effect)

    def _set(self, timer: steps.Timer, at: int) -> None:
        self.due = (*self.due[:timer], at, *self.due[timer + 1 :])

    def _enter(self, effect: steps.Enter) -> None:
        self.state = effect.state
        if effect.state in (S.RECORDING_FAILED, S.CONNECTED):
            self.chosen_at = NEVER
        if effect.state in (S.RECORDING_FAILED, S.CONNECTION_LOST):
            self.failures += 1
        if effect.state is S.CONNECTION_LOST:
            self.stage = Stage.NONE
            self.took = False
            self.frame_at = self.closed_at = NEVER

    def _dial(self, effect: steps.Dial) -> None:
        again = self.stage is Stage.NOT_V2
        self.recorder, self.dials = (self.recorder, self.dials + 1) if again else (self.attempts, 1)
        self.op = effect.op
        self.held = True
        self._ask(Stage.DIAL)

    def _ask(self, stage: Stage) -> None:
        self.stage = stage
        self.asked_at = self.now

    def _probe(self, effect: steps.Probe) -> None:  # noqa: ARG002
        self._ask(Stage.PROBE)

    def _set_timer(self, effect: steps.SetTimer) -> None:
        self._set(effect.timer, effect.at)

    def _stop_timer(self, effect: steps.StopTimer) -> None:
        self._set(effect.timer, NEVER)

    def _open(self, effect: steps.Open) -> None:
        self.v2 = effect.v2
        self._ask(Stage.OPEN)

    def _cancel(self, effect: steps.Cancel) -> None:
        if effect.op == self.op:
            self.held = False

    def _tried(self, effect: steps.Tried) -> None:
        self.attempts += 1
        self.took = not effect.failure
        if effect.failure:
            self.stage = Stage.NONE

    def _header(self, effect: steps.SendHeader) -> None:  # noqa: ARG002
        self.header = self.unsaid = True

    def _send(self, effect: steps.Send) -> None:  # noqa: ARG002
        self.sent += 1
        self.unsaid = True

    def _show(self, effect: steps.Show) -> None:  # noqa: ARG002
        self.shown += 1

    def _close_body(self, effect: steps.CloseBody) -> None:  # noqa: ARG002
        self.stage = Stage.CLOSED
        self.closed_at = self.now
        self.frame_at = NEVER

    def _start_command(self, effect: steps.StartCommand) -> None:  # noqa: ARG002
        self.command = Command.RUNNING

    def _notify(self, effect: steps.Notify) -> None:  # noqa: ARG002
        self.notices += 1

    def _abort(self, effect: steps.Abort) -> None:  # noqa: ARG002
        self.aborted = True

    def _finish(self, effect: steps.Finish) -> None:  # noqa: ARG002
        self.finished = True
        self.due = UNSET
        self.chosen_at = self.asked_at = self.frame_at = self.closed_at = NEVER

    _CARRY_OUT: ClassVar[dict[type[steps.Effect], Callable[[World, Any], None]]] = {
        steps.Enter: _enter,
        steps.Dial: _dial,
        steps.Probe: _probe,
        steps.Open: _open,
        steps.Cancel: _cancel,
        steps.SendHeader: _header,
        steps.Send: _send,
        steps.CloseBody: _close_body,
        steps.SetTimer: _set_timer,
        steps.StopTimer: _stop_timer,
        steps.StartCommand: _start_command,
        steps.Show: _show,
        steps.Reject: _tell(Told.REJECTED),
        steps.Terminate: _tell(Told.TERMINATED),
        steps.KillCommand: _nothing,
        steps.Exit: _tell(Told.EXIT),
        steps.Tried: _tried,
        steps.Notify: _notify,
        steps.Abort: _abort,
        steps.Finish: _finish,
    }


def limits(timers: Timers) -> dict[Stage, int]:
    """Return how long (ns) each answer may take (section 8)."""
    return {Stage.DIAL: timers.dial, Stage.PROBE: timers.probe, Stage.OPEN: timers.open}


def seconds(time: int) -> str:
    """Write nanoseconds as seconds."""
    whole, rest = divmod(time, 1_000_000_000)
    return f"{whole}.{rest:09}".rstrip("0") if rest else str(whole)
