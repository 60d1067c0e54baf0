"""What must hold at every step of every session, as code of its own.

Each rule is judged from the facts in `World`, which stand on events and effects alone: nothing
here calls the recorder client or knows how it is made. An effect is judged before the world knows
of it; when all effects of an event are carried out, it is judged whether the client reacted.

Sources: protocol sections 3 to 5, D1 to D3, D10, D12 to D14, D16, and the transition table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from conformance.machine import ENDS, TRANSITIONS, State
from conformance.wire import NoticeType, Timers
from simulator import client_steps as steps
from simulator.client_steps import PolicyAnswered
from simulator.explore.search import Problem
from simulator.explore.world import ASKED, RESTING, Command, Stage, Told, World

S = State
HANG = "hang"
OVERTAKEN = "overtaken"

RULES = {
    "table": "Only the arrows of the transition table are taken.",
    "shown": "Output is shown once, in its order; where a recording is required, only after it was"
    " handed over, or once the failure action lets the session go on without.",
    "recorded": "Every output of a recorded session is sent, once and in its order, to an upload"
    " that was accepted; the body ends after the last of it.",
    "choosing": "The recorders are dialled in their order, each once, and once more for v1 when"
    " the probe did not say v2; an attempt is told of with the recorder that was dialled.",
    "cause": "An attempt fails, and a recording is lost, only for a reason: it was said, or the"
    " time for it has passed.",
    "limits": "Choosing, each step of it, the ack window and the final answer end in their time.",
    "ends": "Every session ends once, in one end state or aborted; the user is told once how, and"
    " nothing is left behind.",
    "failure-action": "The failure action is taken as it is written: a message that is set ends"
    " the session with it, one that is empty never does.",
    "notice": "Every failed recording is noticed exactly once, with its attempts, when notices are"
    " wanted and something was tried; nothing else is noticed.",
    "command": "The command runs at most once, after the recorder took the recording or when none"
    " is needed, and its exit status is told.",
    "reacts": "The client reacts at once to what it is told, and rests only in states that wait.",
    "stalls": "While output waits to be handed over, no more is wanted of the command.",
    "words": "What was said of a failure is kept as its reason, without control characters.",
    OVERTAKEN: "What belongs to a dropped operation, or comes after the end, changes nothing.",
    HANG: "From every state an end can be reached when everybody keeps their promises.",
}
"""The rules by name, as sentences."""

_BEFORE_TABLE_SETTLES = frozenset({S.START, S.CHECK_POLICY, S.FIND_RECORDER, S.CONNECTED})
_PASSING = _BEFORE_TABLE_SETTLES | {S.RECORDING_FAILED, S.CONNECTION_LOST}
"""States that a session only passes through."""
_CHOOSING = frozenset({S.CONNECTING, S.TRY_PRIMARY, S.TRY_FAILOVER})
_LOST = (steps.ErrorReceived, steps.UploadLost)


class Judge:
    """Judges steps of sessions whose policies are `policies`; `World.policy` is the place there."""

    def __init__(self, timers: Timers, policies: tuple[PolicyAnswered, ...]) -> None:
        self._timers = timers
        self._policies = policies

    # --- each effect, before it is carried out ----------------------------------------------------

    def effect(self, world: World, effect: steps.Effect) -> Problem | None:
        """Return the property that an effect breaks, or None."""
        if world.finished:
            return Problem("ends", f"{type(effect).__name__} came after the end")
        judge = self._EFFECTS.get(type(effect))
        return judge(self, world, effect) if judge is not None else None

    def _policy(self, world: World) -> PolicyAnswered:
        # Before the policy is known nothing is required, and nobody may be tried.
        return self._policies[world.policy] if world.policy >= 0 else _UNKNOWN

    def _time_is_over(self, world: World) -> bool:
        return world.waited(world.chosen_at) >= self._timers.choose

    def _enter(self, world: World, effect: steps.Enter) -> Problem | None:
        state, policy = effect.state, self._policy(world)
        if (world.state, state) not in TRANSITIONS:
            return Problem("table", f"{world.state} was followed by {state}")
        if state in (S.NO_RECORDING, S.FIND_RECORDER):
            if policy.required == (state is S.NO_RECORDING):
                return Problem("failure-action", f"{state}, and required is {policy.required}")
        elif state is S.CONNECTED and world.stage is not Stage.STREAM:
            return Problem("cause", "connected, and no upload was accepted")
        elif state is S.CONNECTION_LOST and world.stage is not Stage.LOST:
            waited = "nothing said so, and no time was over"
            return Problem("cause", f"the recording was given up for lost: {waited}")
        elif state is S.RECORDING_FAILED:
            return self._recording_failed(world, policy)
        elif state is S.SESSION_COMPLETE:
            return _complete(world)
        return _action(state, policy)

    def _recording_failed(self, world: World, policy: PolicyAnswered) -> Problem | None:
        if world.attempts < len(policy.recorders) and not self._time_is_over(world):
            return Problem(
                "cause",
                f"gave up after {world.attempts} of {len(policy.recorders)} recorders,"
                " and there was time left",
            )
        return None

    def _dial(self, world: World, effect: steps.Dial) -> Problem | None:
        recorders = self._policy(world).recorders
        if world.chosen_at < 0:
            return Problem("choosing", f"{effect.address} was dialled, and nobody was to be chosen")
        if self._time_is_over(world):
            return Problem("limits", f"{effect.address} was dialled when the time was over")
        again = world.stage is Stage.NOT_V2 and world.dials == 1
        if world.stage is not Stage.NONE and not again:
            return Problem(
                "choosing",
                f"{effect.address} was dialled after {world.stage.name.lower()} at the recorder"
                f" {recorders[world.recorder]}",
            )
        number = world.recorder if again else world.attempts
        if number and world.state is S.TRY_PRIMARY:
            return Problem("choosing", f"{effect.address} was dialled in {world.state}")
        if number >= len(recorders) or effect.address != recorders[number]:
            return Problem("choosing", f"{effect.address} was dialled out of its turn")
        if effect.op <= world.op:
            return Problem("choosing", f"the operation {effect.op} was there before")
        return None

    def _probe(self, world: World, effect: steps.Probe) -> Problem | None:
        if world.stage is not Stage.CONNECTED or world.dials != 1 or effect.op != world.op:
            return Problem("choosing", "a probe was sent without a new connection for it")
        over = self._time_is_over(world)
        return Problem("limits", "a probe was sent when the time was over") if over else None

    def _open(self, world: World, effect: steps.Open) -> Problem | None:
        v1 = world.stage is Stage.CONNECTED and world.dials == 2
        right = world.stage is Stage.V2 if effect.v2 else v1
        if not right or effect.op != world.op:
            version = "v2" if effect.v2 else "v1"
            return Problem("choosing", f"an upload of {version} was begun where it may not be")
        over = self._time_is_over(world)
        return Problem("limits", "an upload was begun when the time was over") if over else None

    def _tried(self, world: World, effect: steps.Tried) -> Problem | None:
        recorders = self._policy(world).recorders
        if world.recorder != world.attempts or effect.recorder != recorders[world.recorder]:
            return Problem(
                "choosing", f"{effect.recorder} was told of as tried, and it was not dialled"
            )
        if not effect.failure:
            right = world.stage is Stage.STREAM and not world.took
            return None if right else Problem("cause", "an attempt worked, and nothing was opened")
        if world.stage is not Stage.FAILED and not self._time_is_over(world):
            return Problem(
                "cause",
                f"{effect.recorder} was given up ({effect.failure}), and it had neither refused"
                " nor used up its time",
            )
        return None

    def _header(self, world: World, effect: steps.SendHeader) -> Problem | None:
        if world.stage is not Stage.STREAM or world.header or effect.op != world.op:
            return Problem("recorded", "a header was sent where none belongs")
        return None

    def _send(self, world: World, effect: steps.Send) -> Problem | None:
        if world.stage is not Stage.STREAM or not world.header or effect.op != world.op:
            return Problem("recorded", f"output {effect.data} was sent to no upload")
        if effect.data != world.sent + 1 or effect.data > world.outputs:
            return Problem("recorded", f"output {effect.data} was sent after {world.sent}")
        return None

    def _close_body(self, world: World, effect: steps.CloseBody) -> Problem | None:
        if world.stage is not Stage.STREAM or effect.op != world.op:
            return Problem("recorded", "the body of no upload was ended")
        if world.command is not Command.EXITED or world.sent < world.outputs or not world.header:
            return Problem("recorded", "the body was ended before the last output was in it")
        return None

    def _show(self, world: World, effect: steps.Show) -> Problem | None:
        policy, data = self._policy(world), effect.data
        if data != world.shown + 1 or data > world.outputs:
            return Problem("shown", f"output {data} was shown after {world.shown}")
        if world.told is not Told.NOTHING:
            return Problem("shown", f"output {data} was shown after the end was told")
        if world.failures:
            # By the table one thing alone can fail: the start, or what was streaming.
            message = policy.terminate_message if world.header else policy.reject_message
            if message:
                return Problem(
                    "shown", f"output {data} was shown after the recording failed, and it may not"
                )
        elif policy.required and data > world.handed:
            return Problem("shown", f"output {data} was shown, and it was not handed over")
        return None

    def _start_command(self, world: World, effect: steps.StartCommand) -> Problem | None:
        if world.command is not Command.NOT_STARTED:
            return Problem("command", "the command was started twice")
        right = (
            world.stage is Stage.STREAM and world.header
            if effect.recorded
            else world.state in (S.NO_RECORDING, S.SESSION_ALLOWED)
        )
        return None if right else Problem("command", f"the command was started in {world.state}")

    def _reject(self, world: World, effect: steps.Reject) -> Problem | None:
        policy = self._policy(world)
        if not policy.reject_message or world.state is not S.SESSION_REJECTED:
            return Problem("failure-action", f"the session was rejected in {world.state}")
        if effect.message != policy.reject_message:
            return Problem("failure-action", f"rejected with other words: {effect.message!r}")
        if world.command is not Command.NOT_STARTED:
            return Problem("command", "the command ran in a session that was rejected")
        return _told_once(world)

    def _terminate(self, world: World, effect: steps.Terminate) -> Problem | None:
        policy = self._policy(world)
        if not policy.terminate_message or world.state is not S.SESSION_TERMINATED:
            return Problem("failure-action", f"the session was terminated in {world.state}")
        if effect.message != policy.terminate_message:
            return Problem("failure-action", f"terminated with other words: {effect.message!r}")
        if world.command is not Command.RUNNING:
            return Problem("command", "a command was terminated that does not run")
        return _told_once(world)

    def _kill(self, world: World, effect: steps.KillCommand) -> Problem | None:  # noqa: ARG002
        if not world.left or world.command is Command.NOT_STARTED:
            return Problem("command", "the command was hung up on, and nobody had left it")
        return None

    def _exit(self, world: World, effect: steps.Exit) -> Problem | None:
        if world.command is not Command.EXITED:
            return Problem("command", "an exit was told, and the command runs")
        if effect.status != world.status:
            told = f"the command exited with {world.status}, and {effect.status} was told"
            return Problem("command", told)
        cut = world.state is S.SESSION_TERMINATED
        if world.shown < world.outputs and not cut:
            return Problem("shown", f"the exit was told after {world.shown} of {world.outputs}")
        return _told_once(world)

    def _notify(self, world: World, effect: steps.Notify) -> Problem | None:
        policy = self._policy(world)
        if not policy.notify or not effect.attempts:
            return Problem("notice", "a notice that nobody wants, or of nothing that was tried")
        if world.notices >= world.failures:
            return Problem("notice", f"{world.notices + 1} notices of {world.failures} failures")
        if world.header:
            right = NoticeType.TERMINATED if policy.terminate_message else NoticeType.FAILED
        else:
            right = NoticeType.REJECTED if policy.reject_message else NoticeType.FAILED
        if effect.event_type != right:
            return Problem("notice", f"a notice of type {effect.event_type}, right is {right}")
        named = tuple(attempt.recorder for attempt in effect.attempts)
        if named != policy.recorders[: world.attempts]:
            return Problem("notice", f"a notice that names {', '.join(named)}")
        if not all(attempt.failure_message for attempt in effect.attempts):
            return Problem("notice", "a notice with an attempt that has no failure message")
        return None

    def _abort(self, world: World, effect: steps.Abort) -> Problem | None:  # noqa: ARG002
        if not world.left or world.state not in _CHOOSING or world.failures:
            return Problem("ends", f"the session was aborted in {world.state}")
        return None

    def _finish(self, world: World, effect: steps.Finish) -> Problem | None:  # noqa: ARG002
        if world.held:
            return Problem("ends", "it is over, and a connection to a recorder is left")
        if world.aborted:
            return None
        if world.state not in ENDS:
            return Problem("ends", f"it is over in {world.state}")
        if world.told is Told.NOTHING:
            return Problem("ends", "it is over, and the user was not told")
        return None

    _EFFECTS: ClassVar[dict[type[steps.Effect], Callable[..., Problem | None]]] = {
        steps.Enter: _enter,
        steps.Dial: _dial,
        steps.Probe: _probe,
        steps.Open: _open,
        steps.Tried: _tried,
        steps.SendHeader: _header,
        steps.Send: _send,
        steps.CloseBody: _close_body,
        steps.Show: _show,
        steps.StartCommand: _start_command,
        steps.Reject: _reject,
        steps.Terminate: _terminate,
        steps.KillCommand: _kill,
        steps.Exit: _exit,
        steps.Notify: _notify,
        steps.Abort: _abort,
        steps.Finish: _finish,
    }

    # --- what an event calls for ------------------------------------------------------------------

    def reaction(self, world: World, event: steps.Event, effects: steps.Effects) -> Problem | None:
        """Return what the client failed to do about an event, or None."""
        said = _words_kept(event, effects)
        if said is not None or world.finished:
            return said
        match event:
            case steps.Output() if world.state is S.STREAMING and world.sent < world.outputs:
                return Problem("recorded", f"output {world.outputs} was not sent")
            case steps.Handed() if world.shown < world.sent:
                return Problem("shown", "output was handed over, and not shown")
            case steps.Opened() if world.command is Command.NOT_STARTED:
                return Problem("reacts", "the recorder took the recording, and nothing runs")
            case steps.UserLeft() if steps.KillCommand() not in effects:
                held = world.stage is Stage.CLOSED
                return None if held else Problem("reacts", "the user left, and nothing came of it")
            case steps.CommandExited() if world.state is not S.STREAMING:
                return Problem("reacts", "the command exited, and the session goes on")
        return None

    def rests(self, world: World, *, wants_output: bool) -> Problem | None:
        """Return what is wrong with waiting here, or None."""
        if world.finished:
            return self._noticed(world)
        overdue = world.overdue(self._timers)
        if overdue:
            return Problem("limits", overdue)
        if world.stage not in RESTING:
            return Problem("reacts", f"nothing came of it: {world.stage.name.lower()}")
        if world.state in _PASSING or world.state in ENDS - {S.SESSION_COMPLETE}:
            return Problem("reacts", f"the session stays in {world.state}")
        if world.chosen_at >= 0 and world.stage not in ASKED:
            return Problem("reacts", "a recorder is to be chosen, and none is asked")
        if world.stage is Stage.STREAM:
            if world.command is Command.EXITED and not world.unsaid:
                return Problem("reacts", "the command exited, and the body is not ended")
            if wants_output and world.shown < world.sent:
                return Problem("stalls", "output waits to be handed over, and more is wanted")
        elif world.stage is Stage.NONE and world.policy >= 0:
            if world.shown < world.outputs:
                return Problem("shown", "nothing is recorded, and output is held back")
            if world.command is not Command.RUNNING:
                return Problem("reacts", "there is neither a recording nor a command, nor an end")
        return self._noticed(world)

    def _noticed(self, world: World) -> Problem | None:
        wanted = self._policy(world).notify and world.attempts
        if wanted and world.notices < world.failures:
            return Problem("notice", "recording failed, and there was no notice")
        return None


_UNKNOWN = PolicyAnswered(required=False)


def _action(state: State, policy: PolicyAnswered) -> Problem | None:
    """Judge what was made of a failure (section 5)."""
    taken = {
        S.SESSION_REJECTED: bool(policy.reject_message),
        S.SESSION_ALLOWED: not policy.reject_message,
        S.SESSION_TERMINATED: bool(policy.terminate_message),
        S.CONTINUE_UNRECORDED: not policy.terminate_message,
    }
    if not taken.get(state, True):
        return Problem("failure-action", f"{state}, which the failure action does not allow")
    return None


def _complete(world: World) -> Problem | None:
    if world.command is not Command.EXITED:
        return Problem("ends", "the session was complete, and its command runs")
    if world.state is S.STREAMING and world.stage is not Stage.ENDED:
        return Problem("recorded", "the recording was complete without its final answer")
    return None


def _words_kept(event: steps.Event, effects: steps.Effects) -> Problem | None:
    """Judge the reason that is given where somebody said one."""
    match event:
        case steps.ErrorReceived(message=text):
            pass
        case steps.DialFailed(why=text) | steps.OpenFailed(why=text) | steps.UploadLost(why=text):
            pass
        case _:
            return None
    words = "".join(c if c.isalnum() else " " for c in text).split()
    given = [e.failure for e in effects if isinstance(e, steps.Tried)]
    given += [e.why for e in effects if isinstance(e, steps.Enter) and e.state is S.CONNECTION_LOST]
    for reason in given:
        if not all(word in reason for word in words):
            return Problem("words", f"{text!r} was said, and {reason!r} was made of it")
        if not reason.isprintable():
            return Problem("words", f"control characters were passed on: {reason!r}")
    return None


def _told_once(world: World) -> Problem | None:
    if world.told is not Told.NOTHING:
        return Problem("ends", "the user was told twice that it is over")
    return None
