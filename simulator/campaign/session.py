"""One session of a campaign: its command and its recording, and what came of it.

How it began stands in `simulator.campaign.choosing`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, ClassVar

import simulator.client_steps as core
from conformance.machine import State
from simulator.campaign.choosing import FIRED, Choosing
from simulator.campaign.recorder import NEVER, US, Condition
from simulator.campaign.recording import Recording
from simulator.client import Phase

TIMED_OUT = "the connection timed out"
NO_STORE = "the store takes no parts"
_RESET: MappingProxyType[Phase, Callable[[int], core.Event]] = MappingProxyType(
    {
        Phase.PROBE: lambda op: core.Probed(op, v2=False),
        Phase.OPEN: lambda op: core.OpenFailed(op, "reset"),
        Phase.STREAMING: lambda op: core.UploadLost(op, "reset"),
        Phase.CLOSING: lambda op: core.UploadLost(op, "reset"),
    }
)
"""What a client meets whose connection is not known any more."""


class CampaignSession(Choosing):
    """One user's session, from its arrival to its end."""

    __slots__ = ()

    # --- the command ------------------------------------------------------------------------------

    def _start_command(self, effect: core.StartCommand, now: int) -> None:  # noqa: ARG002
        self._leave_at = NEVER
        self._ran_from = now
        self._output_at = now + self._gap

    def _write(self, now: int) -> None:
        """The command writes one output; that it is sent and shown changes no figure."""
        self._outputs -= 1
        self._output_at = now + self._gap
        client, world, size = self._client, self._world, self._size
        client.output(self._output, now)
        recording = self._recording
        if recording is None or self._lost_at != NEVER:
            world.tally.unrecorded += size
            return
        self._sent += size
        recording.hand(size, now)
        if recording.waiting > world.buffer:
            self._give_up(now)
            self._stalled_at, self._output_at = now, NEVER
            return
        client.handed(self._handed, now)
        if recording.deaf_since != NEVER:
            self._give_up(now)
        elif recording.broken:
            self._lose_at(now, "cannot write")
        elif not world.bucket.up:
            self._send_parts(recording, now)

    def _give_up(self, now: int) -> None:
        """TCP gives up a connection on which nothing is acknowledged; acks are missed before."""
        assert self._recorder is not None
        if self._recorder.condition is Condition.CUT and self._fault_at == NEVER:
            self._lose_at(now + self._world.plan.network.give_up, TIMED_OUT)

    def _send_parts(self, recording: Recording, now: int) -> None:
        """A part is full, and cannot be sent: the recorder tries again for a while."""
        store = self._world.plan.store
        full = recording.received // store.part > (recording.received - self._size) // store.part
        if full and self._fault_at == NEVER:
            self._lose_at(now + store.patience, NO_STORE)

    def _lose_at(self, at: int, why: str) -> None:
        self._fault, self._fault_at = why, at
        self._deadline = min(self._deadline, at)

    def _resume_command(self, now: int) -> None:
        """Somebody takes its output again, or nobody has to."""
        if self._stalled_at != NEVER:
            self._outcomes.stalled += (now - self._stalled_at) // US
            self._stalled_at = NEVER
            self._output_at = now + self._gap

    def _command_over(self, now: int) -> None:
        if self._ran_from == NEVER:
            return
        outcomes = self._outcomes
        self._resume_command(now)
        outcomes.time += (now - self._ran_from) // US
        if self._recording is None:
            outcomes.unrecorded_allowed += (now - self._ran_from) // US
        elif self._lost_at != NEVER:
            outcomes.unrecorded_continued += (now - self._lost_at) // US
        self._ran_from = self._output_at = NEVER

    def _terminate(self, effect: core.Terminate, now: int) -> None:  # noqa: ARG002
        self._resume_command(now)
        self._outcomes.cut += (self._output_at + self._outputs * self._gap - now) // US
        self._command_over(now)

    def _exit(self, effect: core.Exit, now: int) -> None:  # noqa: ARG002
        self._command_over(now)

    # --- the recording ----------------------------------------------------------------------------

    def _send_header(self, effect: core.SendHeader, now: int) -> None:  # noqa: ARG002
        recorder, world = self._recorder, self._world
        assert recorder is not None
        self._opened_at = self._last_ack = now
        self._recording = Recording(
            world.tally, recorder.load, now, world.timers.ack_cadence, v2=self._client.session.v2
        )
        recorder.began()
        self._handed = core.Handed(self._op)
        self._to_hand = True
        if recorder.condition is not Condition.WELL:
            self._fault_at, self._fault = NEVER, ""
            self._listen(self._recording, now)
            self._see_lateness(self._recording, now)

    def recorder_changed(self, now: int) -> None:
        """The recorder, or the store behind it, is in another condition than before."""
        recorder, recording = self._recorder, self._recording
        phase = self._client.session.phase
        assert recorder is not None
        if self._reset():
            self._answer_at = NEVER
            self._tell(_RESET[phase](self._op), now)
        elif recording is None:
            if self._answer_at == NEVER and not recorder.deaf:
                self._answer_at = now + self._world.round_trip
        else:
            self._listen(recording, now)
            if phase is Phase.CLOSING:
                self._see_final_answer(now)
            else:
                self._see_lateness(recording, now)
                if recording.waiting and not recorder.deaf:
                    self._lose_at(now, "cannot write")
                elif self._stalled_at != NEVER and not recorder.deaf:
                    self._resume_command(now)
                    self._tell(core.Handed(self._op), now)
        self._arm(now)

    def _listen(self, recording: Recording, now: int) -> None:
        """See whether the recorder reads, and whether it can write."""
        recorder = self._recorder
        assert recorder is not None
        recording.broken = recorder.condition is Condition.DISK
        if recorder.deaf:
            recording.deafen(now)
        else:
            recording.hear(now)
        mended = self._world.bucket.up if self._fault == NO_STORE else not recorder.deaf
        if mended:
            self._fault_at = NEVER

    def _see_lateness(self, recording: Recording, now: int) -> None:
        """See whether acks come in time."""
        recorder, world = self._recorder, self._world
        assert recorder is not None
        slow = recorder.condition is Condition.SLOW
        too_late = world.timers.ack_cadence + world.plan.slow.delay >= world.timers.ack_window
        stop = recorder.deaf or (slow and too_late)
        if not self._client.session.v2:
            return
        if stop and not self._acks_stopped:
            self._stop_acks(recording, now)
        elif self._acks_stopped and not stop:
            self._acks_stopped, self._last_ack, self._stopped_at = False, now, NEVER
            recording.resume_acks(now)
            self._tell(core.AckReceived(self._op, 0), now)
        if slow and not stop and self._late_from == NEVER:
            self._last_ack = max(self._last_ack, self._opened_at + recording.turns(now))
            self._late_from = now
        elif not slow and not stop and self._late_from != NEVER:
            self._last_ack, self._late_from = now, NEVER

    def _stop_acks(self, recording: Recording, now: int) -> None:
        """No more acks come: tell the client of the last one, and let its timer fire."""
        late = self._world.plan.slow.delay if self._late_from != NEVER else 0
        turn = self._opened_at + recording.turns(now - late)
        if not late:
            self._last_ack = max(self._last_ack, turn)
        elif turn >= self._late_from:
            self._last_ack = max(self._last_ack, turn + late)
        self._acks_stopped, self._stopped_at, self._late_from = True, now, NEVER
        recording.stop_acks(now)
        self._tell(core.AckReceived(self._op, 0), self._last_ack)
        if self._timers[core.Timer.ACK] <= now:
            self._tell(FIRED[core.Timer.ACK], now)

    def _close_body(self, effect: core.CloseBody, now: int) -> None:  # noqa: ARG002
        self._closed_at = now
        self._fault_at = NEVER
        store = self._world.plan.store
        self._ask(self._final_answered, now, store.finish + self._lateness())

    def _final_answered(self, now: int) -> None:
        recorder, recording, world = self._recorder, self._recording, self._world
        assert recorder is not None
        assert recording is not None
        if recorder.deaf:
            return
        if recorder.condition is Condition.DISK:
            self._tell(core.UploadLost(self._op, "cannot write"), now)
        elif not world.bucket.up:
            self._answer_at = self._closed_at + world.plan.store.patience
            if self._answer_at <= now:
                self._answer_at = NEVER
                self._tell(core.ErrorReceived(self._op, NO_STORE), now)
        else:
            recording.end_risk(now)
            world.bucket.kept(recording.received)
            self._tell(core.AnswerEnded(self._op), now)

    def _see_final_answer(self, now: int) -> None:
        """What kept the final answer back may be gone."""
        assert self._recorder is not None
        finish = self._world.plan.store.finish
        if self._recorder.deaf:
            return
        if self._answer_at == NEVER:
            self._answer_at = now + self._world.round_trip + finish
        elif self._world.bucket.up:
            least = self._closed_at + self._world.round_trip + finish
            self._answer_at = max(least, min(self._answer_at, now + finish))

    # --- what came of it --------------------------------------------------------------------------

    def _enter(self, effect: core.Enter, now: int) -> None:
        if effect.state is State.RECORDING_FAILED:
            self._world.tally.gave_up.add((now - self._begun_at) // US)
        elif effect.state is State.CONNECTION_LOST:
            self._note_loss(now)

    def _note_loss(self, now: int) -> None:
        recorder, recording = self._recorder, self._recording
        assert recorder is not None
        assert recording is not None
        outcomes, tally = self._outcomes, self._world.tally
        self._lost_at, self._touched = now, True
        outcomes.lost += 1
        outcomes.lost_at_end += self._closed_at != NEVER
        restarted = recorder.incarnation != self._incarnation
        cause = recorder.restarted_by if restarted else recorder.cause()
        tally.losses[cause] = tally.losses.get(cause, 0) + 1
        since = min(recording.deaf_since, self._stopped_at, now)
        tally.noticed.add((now - since) // US)
        until = min(self._closed_at, now)
        outcomes.unrecorded_unnoticed += max(0, until - recording.deaf_since) // US
        self._resume_command(now)
        recording.lose_rest()
        recorder.leave(recording.received, *recording.acked_by(now), now)

    def _abort(self, effect: core.Abort, now: int) -> None:  # noqa: ARG002
        self._aborted = True

    def _finish(self, effect: core.Finish, now: int) -> None:  # noqa: ARG002
        outcomes, state = self._outcomes, self._client.session.state
        self._world.tally.sent += self._sent
        if self._aborted:
            outcomes.aborted += 1
        elif state is State.SESSION_REJECTED:
            outcomes.rejected += 1
        elif state is State.SESSION_TERMINATED:
            outcomes.terminated += 1
        elif self._recording is None:
            outcomes.allowed += 1
        elif self._lost_at != NEVER:
            outcomes.continued += 1
        else:
            outcomes.recorded += 1
        outcomes.touched += self._touched
        self._output_at = NEVER
        self._world.finished()

    def _set_timer(self, effect: core.SetTimer, now: int) -> None:  # noqa: ARG002
        self._timers[effect.timer] = effect.at

    def _stop_timer(self, effect: core.StopTimer, now: int) -> None:  # noqa: ARG002
        self._timers[effect.timer] = NEVER

    def _nothing(self, effect: core.Effect, now: int) -> None:
        """What others would see of it changes no figure."""

    CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any, int], None]]] = {
        **Choosing.CARRY_OUT,
        core.Enter: _enter,
        core.SendHeader: _send_header,
        core.Send: _nothing,
        core.CloseBody: _close_body,
        core.SetTimer: _set_timer,
        core.StopTimer: _stop_timer,
        core.StartCommand: _start_command,
        core.Show: _nothing,
        core.Reject: _nothing,
        core.Terminate: _terminate,
        core.KillCommand: _nothing,
        core.Exit: _exit,
        core.Notify: _nothing,
        core.Abort: _abort,
        core.Finish: _finish,
    }
