"""What may happen next: every move of recorders, command, user, clock and control plane.

A recorder's answer may come at once, or at any later instant before the client's timer has fired;
a timer that fires while an answer is owed means that the recorder was silent. Which moves are a
recorder's *fault* is written down here: what a recorder that keeps its promises never does.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from simulator import client_steps as steps
from simulator.client_steps import PolicyAnswered
from simulator.explore.bounds import Bounds
from simulator.explore.world import NEVER, Command, Stage, World

EXIT_STATUS = 7
LATER = "time passes"
WHY = "broken"
WORDS = "the disk\x1b[2J is\r\non fire"
"""What a recorder says that has failed; it would do something to a terminal."""


class Move(msgspec.Struct, frozen=True, gc=False):
    """One thing that can happen: an event for the client, or time that passes."""

    name: str
    event: steps.Event | None = None
    fault: bool = False
    """Whether a recorder breaks its promise by it."""
    expected: bool = True
    """Whether it happens by itself: no fault, and nobody's whim."""
    at: int = NEVER
    """When it is then (ns), where time passes."""


class Moves:
    """Says what may happen in a world, in an order that never changes."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._timers = bounds.timers
        self._tick = bounds.tick
        self._policies = tuple(
            Move(f"policy: {describe(policy)}", policy) for policy in bounds.policies()
        )

    def __call__(self, world: World) -> list[Move]:
        """Return every move within the bounds."""
        spent = world.faults >= self._bounds.faults
        return [move for move in self._all(world) if not (move.fault and spent)]

    def _all(self, world: World) -> Iterator[Move]:
        if world.finished:
            return
        if world.policy < 0:
            yield from self._policies
        else:
            yield from self._recorder(world)
            yield from self._time(world)
        if world.command is Command.RUNNING:
            if world.outputs < self._bounds.outputs:
                yield Move("output", steps.Output(world.outputs + 1), expected=False)
            yield Move("exit", steps.CommandExited(EXIT_STATUS))
        if self._bounds.leaves and not world.left:
            yield Move("the user leaves", steps.UserLeft(), expected=False)

    def _recorder(self, world: World) -> Iterator[Move]:
        op, stage = world.op, world.stage
        if stage is Stage.DIAL:
            yield Move("connected", steps.Connected(op))
            yield _fault("the dial is refused", steps.DialFailed(op, WHY))
        elif stage is Stage.PROBE:
            for speaks in ("v2", "v1"):
                event = steps.Probed(op, v2=speaks == "v2")
                if speaks in self._bounds.versions:
                    yield Move(f"the probe says {speaks}", event)
                elif speaks == "v1":
                    yield _fault("the probe fails", event)
        elif stage is Stage.OPEN:
            yield Move("the upload is accepted", steps.Opened(op))
            yield _fault("the upload is refused", steps.OpenFailed(op, WHY))
        elif stage in (Stage.STREAM, Stage.CLOSED):
            yield from self._upload(world)

    def _upload(self, world: World) -> Iterator[Move]:
        op = world.op
        streams = world.stage is Stage.STREAM
        if world.unsaid:
            yield Move("handed over", steps.Handed(op))
        if world.v2:
            yield Move("an ack", steps.AckReceived(op, 0))
            yield _fault("an error frame", steps.ErrorReceived(op, WORDS))
        if streams:
            yield _fault("the answer ends early", steps.AnswerEnded(op))
        else:
            yield Move("the final answer", steps.AnswerEnded(op))
        yield _fault("the upload is lost", steps.UploadLost(op, WHY))

    def _time(self, world: World) -> Iterator[Move]:
        fired = [timer for timer in steps.Timer if 0 <= world.due[timer] <= world.now]
        for timer in fired:
            silent = self._silence(world)
            name = f"timer: {timer.name.lower()}"
            yield Move(name, steps.TimerFired(timer), fault=silent, expected=not silent)
        if not fired and world.timed:
            at = self._next(world)
            later = msgspec.structs.replace(world, now=at)
            # Only a client that forgot a timer lets a limit pass; a recorder was silent then.
            silent = bool(later.overdue(self._timers))
            yield Move(LATER, fault=silent, expected=not silent, at=at)

    def _silence(self, world: World) -> bool:
        """Tell whether a timer that fires now means that a recorder did not keep its time.

        When the time for all recorders together is over, none of them need be to blame.
        """
        if world.run_out(self._timers) is world.stage:
            return False
        return world.waited(world.chosen_at) < self._timers.choose

    def _next(self, world: World) -> int:
        """Return the next instant at which something may happen."""
        instant = (world.now // self._tick + 1) * self._tick
        return min([instant, *(at for at in world.due if at > world.now)])


def overtaken(world: World) -> tuple[steps.Event, ...]:
    """Return events of operations that the client has dropped: a driver may be late with them."""
    ops = [world.op - 1] if world.op > 1 else []
    if world.op and (world.finished or world.stage is Stage.NONE):
        ops.append(world.op)
    return tuple(
        event
        for op in ops
        for event in (
            steps.Connected(op), steps.DialFailed(op, WHY), steps.Probed(op, v2=True),
            steps.Probed(op, v2=False), steps.Opened(op), steps.OpenFailed(op, WHY),
            steps.Handed(op), steps.AckReceived(op, 0), steps.ErrorReceived(op, WHY),
            steps.AnswerEnded(op), steps.UploadLost(op, WHY),
        )
    )  # fmt: skip


def after_the_end() -> tuple[steps.Event, ...]:
    """Return what may still come from command, user and clock when the session is over."""
    return (
        steps.Output(0), steps.CommandExited(EXIT_STATUS), steps.UserLeft(),
        *(steps.TimerFired(timer) for timer in steps.Timer),
    )  # fmt: skip


def describe(policy: PolicyAnswered) -> str:
    """Say on one line what the control plane answered."""
    if not policy.required:
        named = ", though a recorder is named" if policy.recorders else ""
        return f"not to be recorded{named}"
    set_ = [
        name
        for name, message in (
            ("reject", policy.reject_message),
            ("terminate", policy.terminate_message),
        )
        if message
    ]
    action = " and ".join(set_) or "neither message"
    notices = "notices" if policy.notify else "no notices"
    named = " ".join(policy.recorders) or "no recorder to try"
    return f"record on {named}; {action} set, {notices}"


def _fault(name: str, event: steps.Event) -> Move:
    return Move(name, event, fault=True, expected=False)
