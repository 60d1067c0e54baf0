"""How a session of a campaign chooses a recorder, and how it waits for what comes next.

With `simulator.campaign.session` it is the third driver of `simulator.client`, beside asyncio and
the virtual world, and a lean one: effects are carried out at once, and of all that is to come only
the next thing stands in SimPy's queue. Two shortcuts change no outcome:

- Acks of a recorder that is well are not played. When they stop, the last one that came is told,
  and the client's timer fires from there.
- Timers that an answer forestalls are remembered, and not put into the queue.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import simpy
from simpy.events import NORMAL

import simulator.client_steps as core
from conformance.wire import SECOND
from simulator.campaign.recorder import NEVER, US, Condition, Recorder
from simulator.campaign.recording import Recording
from simulator.campaign.tally import Outcomes
from simulator.client import Client, Phase

if TYPE_CHECKING:
    from simulator.campaign.world import CampaignWorld

SYN_AGAIN = tuple(after * SECOND for after in (1, 3, 7, 15, 31, 63))
"""When a connection that is not answered is asked for again, counted from the first time."""
_EXITED = core.CommandExited(0)
_LEFT = core.UserLeft()
FIRED = tuple(core.TimerFired(timer) for timer in core.Timer)


class Choosing(ABC):
    """A session up to the moment where its recording starts, or none does."""

    __slots__ = (
        "_aborted",
        "_acks_stopped",
        "_answer",
        "_answer_at",
        "_asked_at",
        "_begun_at",
        "_client",
        "_closed_at",
        "_connected",
        "_deadline",
        "_fault",
        "_fault_at",
        "_gap",
        "_handed",
        "_incarnation",
        "_last_ack",
        "_late_from",
        "_leave_at",
        "_lost_at",
        "_opened_at",
        "_outcomes",
        "_output",
        "_output_at",
        "_outputs",
        "_planned",
        "_planned_at",
        "_ran_from",
        "_recorder",
        "_recording",
        "_sent",
        "_size",
        "_stalled_at",
        "_stopped_at",
        "_timers",
        "_to_hand",
        "_touched",
        "_wakes",
        "_world",
    )

    def __init__(self, world: CampaignWorld, outcomes: Outcomes, *, length: int, size: int) -> None:
        self._world = world
        self._outcomes = outcomes
        self._client = Client(world.timers)
        self._timers = [NEVER] * len(core.Timer)
        # What comes next, and what is in SimPy's queue for it.
        self._planned: simpy.Event | None = None
        self._planned_at = 0
        self._wakes: list[Callable[[Any], None]] = [self._wake]
        self._deadline = NEVER
        # Choosing: what was asked of the recorder whose turn it is.
        self._begun_at = 0
        self._leave_at = NEVER
        self._recorder: Recorder | None = None
        self._connected = False
        self._incarnation = 0
        self._asked_at = 0
        self._answer: Callable[[int], None] = self._dial_answered
        self._answer_at = NEVER
        # The command.
        self._output = core.Output(size)
        self._size = size
        self._outputs = world.plan.sessions.outputs
        self._gap = length // (self._outputs + 1)
        self._output_at = NEVER
        """When the command writes next, or exits when it has no more to write."""
        self._ran_from = NEVER
        self._stalled_at = NEVER
        # The recording.
        self._recording: Recording | None = None
        self._opened_at = 0
        self._to_hand = False
        self._handed = core.Handed(0)
        self._sent = 0
        self._acks_stopped = False
        self._stopped_at = NEVER
        self._last_ack = 0
        """A time by which an ack had come; the turns of the cadence after it are reckoned."""
        self._late_from = NEVER
        self._fault_at = NEVER
        self._fault = ""
        self._lost_at = NEVER
        self._closed_at = NEVER
        self._touched = False
        self._aborted = False

    def begin(self, policy: core.PolicyAnswered, now: int) -> None:
        """Arrive, and choose a recorder."""
        self._begun_at = now
        if self._world.plan.sessions.patience:
            self._leave_at = now + self._world.plan.sessions.patience
        self._do(self._client.start(), now)
        self._tell(policy, now)
        self._arm(now)

    # --- what comes next --------------------------------------------------------------------------

    def _arm(self, now: int) -> None:
        """Find the next thing that is not the command's."""
        timers = self._timers
        deadline = min(
            self._answer_at,
            self._fault_at,
            self._leave_at,
            timers[core.Timer.CHOOSE],
            timers[core.Timer.STEP],
            timers[core.Timer.FINAL],
        )
        if self._acks_stopped and timers[core.Timer.ACK] < deadline:
            deadline = timers[core.Timer.ACK]
        self._deadline = deadline
        self._plan(now)

    def _plan(self, now: int) -> None:
        """Put the next thing into SimPy's queue, instead of what is there."""
        at = self._output_at
        if self._deadline < at:
            at = self._deadline
        if self._planned is not None and at == self._planned_at:
            return
        if at == NEVER or self._client.session.phase is Phase.OVER:
            self._planned = None
            return
        self._put(at, now)

    def _put(self, at: int, now: int) -> None:
        world = self._world
        world.events += 1
        self._planned = planned = simpy.Timeout(world.env, at - now)
        self._planned_at = at
        planned.callbacks = self._wakes

    def _wake(self, event: simpy.Event) -> None:
        if event is not self._planned:
            return
        now = self._planned_at
        if self._outputs and self._deadline > now:
            self._write(now)
            at = self._output_at
            if at < self._deadline:  # the event left SimPy's queue, and is put there again
                world = self._world
                world.events += 1
                self._planned_at = at
                event.callbacks = self._wakes
                world.schedule(event, NORMAL, at - now)
            else:
                self._planned = None
                self._plan(now)
            return
        self._planned = None
        if self._deadline > now:
            self._output_at = NEVER
            self._tell(_EXITED, now)
        else:
            self._due(now)
        self._arm(now)

    def _due(self, now: int) -> None:
        """One thing is due: a timer before an answer that comes at the same moment."""
        for timer, at in enumerate(self._timers):
            if at <= now and (timer != core.Timer.ACK or self._acks_stopped):
                self._timers[timer] = NEVER
                self._tell(FIRED[timer], now)
                return
        if self._fault_at <= now:
            self._fault_at = NEVER
            self._tell(core.UploadLost(self._op, self._fault), now)
        elif self._answer_at <= now:
            self._answer_at = NEVER
            self._answer(now)
        else:
            self._leave_at = NEVER
            self._tell(_LEFT, now)

    @property
    def _op(self) -> int:
        return self._client.session.op

    def _tell(self, event: core.Event, now: int) -> None:
        """Tell the client what happened, and carry out what it says."""
        self._do(self._client.on(event, now), now)

    def _do(self, effects: core.Effects, now: int) -> None:
        for effect in effects:
            self.CARRY_OUT[type(effect)](self, effect, now)
        if self._to_hand:
            self._to_hand = False
            self._tell(self._handed, now)

    # --- choosing ---------------------------------------------------------------------------------

    def _ask(self, answer: Callable[[int], None], now: int, takes: int) -> None:
        self._asked_at = now
        self._answer = answer
        self._answer_at = now + self._world.round_trip + takes

    def _lateness(self) -> int:
        assert self._recorder is not None
        slow = self._recorder.condition is Condition.SLOW
        return self._world.plan.slow.delay if slow else 0

    def _dial(self, effect: core.Dial, now: int) -> None:
        self._recorder = self._world.by_address[effect.address]
        self._ask(self._dial_answered, now, 0)

    def _dial_answered(self, now: int) -> None:
        recorder = self._recorder
        assert recorder is not None
        if recorder.condition is Condition.CUT:
            waited = now - self._asked_at
            again = (after + self._world.round_trip for after in SYN_AGAIN)
            self._answer_at = self._asked_at + next((a for a in again if a > waited), NEVER)
        elif recorder.condition is Condition.DOWN:
            self._tell(core.DialFailed(self._op, "refused"), now)
        else:
            self._connected = True
            self._incarnation = recorder.incarnation
            recorder.attach(self)
            self._tell(core.Connected(self._op), now)

    def _probe(self, effect: core.Probe, now: int) -> None:  # noqa: ARG002
        self._ask(self._probe_answered, now, self._lateness())

    def _probe_answered(self, now: int) -> None:
        recorder = self._recorder
        assert recorder is not None
        if self._reset():
            self._tell(core.Probed(self._op, v2=False), now)
        elif not recorder.deaf:
            self._tell(core.Probed(self._op, recorder.v2), now)

    def _open(self, effect: core.Open, now: int) -> None:  # noqa: ARG002
        self._ask(self._open_answered, now, self._lateness())

    def _open_answered(self, now: int) -> None:
        recorder = self._recorder
        assert recorder is not None
        if self._reset():
            self._tell(core.OpenFailed(self._op, "reset"), now)
        elif recorder.deaf:
            return
        elif recorder.condition is Condition.DISK or recorder.full:
            self._tell(core.OpenFailed(self._op, "503"), now)
        elif not self._world.bucket.up:
            self._answer = self._proof_failed
            self._answer_at = now + self._world.plan.store.timeout
        else:
            self._world.bucket.proven()
            self._tell(core.Opened(self._op), now)

    def _proof_failed(self, now: int) -> None:
        """The recorder could not show that it can write, however it is with the store now."""
        assert self._recorder is not None
        if self._reset() or not self._recorder.deaf:
            self._tell(core.OpenFailed(self._op, "503"), now)

    def _reset(self) -> bool:
        """Tell whether the recorder says that it does not know this connection."""
        recorder = self._recorder
        assert recorder is not None
        if recorder.condition is Condition.CUT:
            return False
        return recorder.condition is Condition.DOWN or recorder.incarnation != self._incarnation

    def _cancel(self, effect: core.Cancel, now: int) -> None:  # noqa: ARG002
        self._answer_at = self._fault_at = NEVER
        if self._connected:
            self._connected = False
            assert self._recorder is not None
            self._recorder.detach(self)
            if self._recording is not None:
                self._recorder.ended(self._opened_at, now)
                self._recording.count()

    def _tried(self, effect: core.Tried, now: int) -> None:
        assert self._recorder is not None
        tally = self._world.tally
        took = (now - self._begun_at) // US
        if effect.failure:
            cause = self._recorder.cause()
            tally.failed_attempts[cause] = tally.failed_attempts.get(cause, 0) + 1
        else:
            tally.started.add(took)
            if self._touched:
                tally.failed_over.add(took)
        self._touched = self._touched or bool(effect.failure)

    CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any, int], None]]] = {
        core.Dial: _dial,
        core.Probe: _probe,
        core.Open: _open,
        core.Cancel: _cancel,
        core.Tried: _tried,
    }

    # --- once a recorder is chosen ----------------------------------------------------------------

    @abstractmethod
    def _write(self, now: int) -> None:
        """The command writes one output."""

    @abstractmethod
    def recorder_changed(self, now: int) -> None:
        """The recorder, or the store behind it, is in another condition than before."""

    def acked_unsafe(self, now: int) -> int:
        """Return the bytes of its recording that were acked by now and are not safe."""
        return self._recording.acked_by(now)[0] if self._recording is not None else 0

    def forget(self, now: int) -> None:
        """The recorder's disk is gone, and what there was of its recording with it."""
        if self._recording is not None:
            self._recording.lose_disk(now)
