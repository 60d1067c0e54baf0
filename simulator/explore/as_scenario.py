"""A schedule as a scenario, as far as the language of scenarios can say it.

A scenario says who does what and when faults strike; it cannot say in which order two events
reach a client, how long a recorder takes for an answer, or that output is held up on its way.
What is lost is told with the scenario. What it expects is what the protocol calls for (sections 3
to 5, D12), never what a client did, so a client that breaks the property fails it.
"""

from __future__ import annotations

import msgspec

from conformance.machine import State
from conformance.scenario import (
    Action,
    Expectation,
    ExpectedAttempt,
    FaultPlan,
    Match,
    OnFailure,
    RecorderNode,
    Scenario,
    Script,
    Step,
    UserSession,
)
from conformance.wire import REJECTED_EXIT_STATUS, SECOND, NoticeType, Timers
from simulator import client_steps as steps
from simulator.client_steps import PolicyAnswered
from simulator.explore.bounds import Bounds
from simulator.explore.moves import EXIT_STATUS, WORDS
from simulator.explore.schedule import Played
from simulator.explore.world import ASKED, Stage, World, limits, seconds

S = State
SESSION = "s1"
FETCHED = "/etc/hostname"
"""The file that a session fetches which is not recorded although recorders are named."""
DEADLINE_S = 100.0
"""Choosing, the ack window and the final answer, each to its end, and a little more."""
LATE_S = 2.0
"""How much later than a client waited an ack comes, and less than the next instant (s)."""


class Written(msgspec.Struct, frozen=True):
    """A scenario, and what of the schedule is not in it, as sentences."""

    scenario: Scenario
    unsaid: tuple[str, ...]


def write(title: str, played: tuple[Played, ...], bounds: Bounds) -> Written:
    """Write a schedule as a scenario."""
    told = _Telling(bounds)
    for one in played:
        told.take(one)
    return told.written(title)


class _Telling:
    """What the moves of a schedule come to, gathered one after the other."""

    def __init__(self, bounds: Bounds) -> None:
        self.nodes = [RecorderNode(name=f"rec{n}") for n in range(1, bounds.recorders + 1)]
        if "v2" not in bounds.versions:
            self.nodes = [msgspec.structs.replace(node, speaks="v1") for node in self.nodes]
        self.policy = PolicyAnswered(required=False)
        self.faults: list[FaultPlan] = []
        self.failed: list[int] = []
        self.steps: list[Step] = []
        self.pause = 0
        self.sees: list[str] = []
        self.lost = self.exited = self.left = self.aborted = False
        self.unsaid: dict[str, None] = {}

    # --- move by move -----------------------------------------------------------------------------

    def take(self, one: Played) -> None:
        """Take in one move."""
        world, event = one.before, one.move.event
        match event:
            case steps.Output() if self.left:
                self._cannot("The command writes more after the user has left.")
            case None if one.move.fault:
                self._silence(world)
            case None:
                self._time(world, one.after.now - world.now)
            case steps.PolicyAnswered():
                self.policy = event
            case steps.Output():
                self._output(world, one.after.outputs)
            case steps.CommandExited():
                self.exited = True
                if not self.left:
                    self._do(Step(type=f"exit {EXIT_STATUS}\n"))
            case steps.UserLeft():
                self._leave(world)
            case steps.Handed() | steps.AckReceived():
                pass
            case _ if world.stage in ASKED:
                self._answer(world, event, fault=one.move.fault)
            case steps.TimerFired() if not one.move.fault:
                if any(_loses(effect) for effect in one.effects):
                    self._hasty(world)
            case _:
                self._loss(world, event)

    def _silence(self, world: World) -> None:
        """Take in that a limit passed, and the client did nothing about it."""
        fired = steps.TimerFired(steps.Timer.STEP)
        if world.stage in ASKED:
            self._answer(world, fired, fault=True)
        else:
            self._loss(world, fired)

    def _time(self, world: World, passed: int) -> None:
        if world.unsaid:
            self._cannot("Output is held up on its way to the recorder while time passes.")
        elif world.stage not in ASKED:
            self.pause += passed

    def _output(self, world: World, number: int) -> None:
        text = f"out-{number}"
        self._do(Step(type=f"echo out-''{number}\n"))
        if world.stage is Stage.NONE:
            self._see(text)

    def _see(self, text: str) -> None:
        self.sees.append(text)
        self.steps.append(Step(see=text))

    def _do(self, step: Step) -> None:
        if self.pause:
            self.steps.append(Step(pause=self.pause / SECOND))
            self.pause = 0
        self.steps.append(step)

    def _leave(self, world: World) -> None:
        self.left = True
        if world.policy < 0:
            self.aborted = True
            self._cannot("The user leaves before the policy is known.")
        elif world.chosen_at >= 0:
            self.aborted = True
            state = str(S.TRY_FAILOVER if self.failed else S.TRY_PRIMARY)
            wait = Match(event="entered", where={"state": state}, plus=1.0)
            self.steps.append(Step(wait=wait))
            at = {Stage.PROBE: "probe", Stage.OPEN: "open"}.get(world.stage, "dial")
            self._script(world, msgspec.convert({"does": "silent", "at": at}, Script))
        else:
            wait = Match(event="entered", where={"state": str(world.state)})
            self.steps.append(Step(wait=wait))
        self._do(Step(hang_up=True))

    def _answer(self, world: World, event: object, *, fault: bool) -> None:
        """Take in how a dial, a probe or an open ended."""
        number, waited = world.recorder, world.waited(world.asked_at)
        name, silent = self.nodes[number].name, isinstance(event, steps.TimerFired)
        if waited > 0 and not silent:
            what = world.stage.name.lower()
            self._cannot(f"The answer of {name} to the {what} comes after {seconds(waited)} s.")
        if isinstance(event, steps.Probed) and not event.v2 and not fault:
            self.nodes[number] = msgspec.structs.replace(self.nodes[number], speaks="v1")
        if not fault:
            if silent and world.waited(world.chosen_at) < Timers().choose:
                self._hurried(world)
            elif silent:
                self._cannot(f"The time for all recorders together ends at {name}.")
            return
        if world.stage is Stage.PROBE:
            self._script(world, Script(does="silent" if silent else "refuse", at="probe"))
            return
        self.failed.append(number)
        if world.stage is Stage.DIAL and world.dials == 1:
            fault_name = "unreachable" if silent else "refused"
            self.faults.append(FaultPlan(fault=fault_name, node=name))
            return
        if world.stage is Stage.DIAL:
            self._cannot(f"The second dial to {name} fails: its upload does, in place of it.")
        self._script(world, Script(does="silent" if silent else "refuse", at="open"))

    def _hurried(self, world: World) -> None:
        """Have an answer come late, and in time, where a client did not wait for it."""
        waited, limit = world.waited(world.asked_at), limits(Timers())[world.stage]
        if world.stage is Stage.OPEN and not world.v2:
            lasts = (waited + limit) / 2 / SECOND
            self._script(world, Script(does="late-continue", lasts=lasts))
        else:
            self._cannot(f"The {world.stage.name.lower()} is answered late, and in time.")

    def _loss(self, world: World, event: object) -> None:
        """Take in how a recording was lost; the final answer is no loss."""
        closed = world.stage is Stage.CLOSED
        if closed and isinstance(event, steps.AnswerEnded):
            return
        if self.exited and not closed:
            self._cannot("It is lost after the exit, and before the last of it was handed over.")
            closed = not isinstance(event, steps.AnswerEnded)
        self.lost = True
        if self.left:
            self._cannot("The recording is lost after the user has left.")
        match event:
            case steps.ErrorReceived():
                does = "bad-final" if closed else "error-frame"
            case steps.AnswerEnded():
                does = "end-early"
            case steps.TimerFired():
                does = "no-final" if closed else "no-acks"
            case _:
                does = "reset-connection"
        self.pause = 0
        for number in range(1, 1 if self.left else world.handed + 1):
            if f"out-{number}" not in self.sees:
                self._see(f"out-{number}")
        if world.handed < world.sent:
            self._cannot(f"Output {world.sent} was sent, and not handed over when it was lost.")
        self._script(world, _lost_at(does, world, closing=closed))
        if not (self.policy.terminate_message or closed or self.left):
            state = str(S.CONTINUE_UNRECORDED)
            self.steps.append(Step(wait=Match(event="entered", where={"state": state})))

    def _hasty(self, world: World) -> None:
        """Have the next ack come late, and in time, where a client did not wait for it."""
        waited = max(world.waited(world.frame_at), 0) / SECOND
        self._script(world, Script(does="late-acks", at="before-header", lasts=waited + LATE_S))
        self.pause = int((waited + 2 * LATE_S) * SECOND)

    def _script(self, world: World, script: Script) -> None:
        node = self.nodes[world.recorder]
        if node.script is not None:
            self._cannot(f"{node.name} also does this: {script.does} at the {script.moment}.")
            return
        self.nodes[world.recorder] = msgspec.structs.replace(node, script=script)

    def _cannot(self, what: str) -> None:
        self.unsaid[what] = None

    # --- the whole --------------------------------------------------------------------------------

    def written(self, title: str) -> Written:
        """Return the scenario; a session that goes on at the end of the schedule ends well."""
        policy = self.policy
        sftp = not policy.required and bool(policy.recorders)
        if sftp:
            self.sees.clear()
        expected = self._expectation()
        ends = {S.SESSION_REJECTED, S.SESSION_TERMINATED} & set(expected.path)
        if not (self.exited or self.left or ends):
            self._do(Step(type=f"exit {EXIT_STATUS}\n"))
        action = Action()
        if policy.required or sftp:
            action = Action(
                record=tuple(node.name for node in self.nodes[: len(policy.recorders)]),
                on_failure=OnFailure(
                    reject=policy.reject_message,
                    terminate=policy.terminate_message,
                    notify=policy.notify,
                ),
            )
        scenario = Scenario(
            title=title,
            recorders=tuple(self.nodes),
            action=action,
            sessions=(self._session(sftp=sftp),),
            faults=tuple(self.faults),
            expect=(expected,),
            deadline=DEADLINE_S,
        )
        return Written(scenario, tuple(self.unsaid))

    def _session(self, *, sftp: bool) -> UserSession:
        """Return what the user does; of an sftp session the language says only what it fetches."""
        if not sftp:
            return UserSession(name=SESSION, steps=tuple(self.steps))
        fetches = (Step(pull=FETCHED), *(step for step in self.steps if step.hang_up))
        return UserSession(name=SESSION, run="sftp", steps=fetches)

    def _expectation(self) -> Expectation:
        """Return what the protocol calls for."""
        policy, failed = self.policy, len(self.failed)
        path = [S.CONNECTING, S.CHECK_POLICY]
        if not policy.required:
            return self._expect(path, [S.NO_RECORDING, S.SESSION_COMPLETE])
        path += [S.FIND_RECORDER, S.TRY_PRIMARY]
        if failed or not policy.recorders:
            path.append(S.TRY_FAILOVER)
        if self.aborted:
            return self._expect(path, [])
        if failed >= len(policy.recorders):
            path.append(S.RECORDING_FAILED)
            if policy.reject_message:
                return self._expect(path, [S.SESSION_REJECTED])
            return self._expect(path, [S.SESSION_ALLOWED, S.SESSION_COMPLETE])
        path += [S.CONNECTED, S.STREAMING]
        if not self.lost:
            return self._expect(path, [S.SESSION_COMPLETE])
        path.append(S.CONNECTION_LOST)
        if policy.terminate_message:
            return self._expect(path, [S.SESSION_TERMINATED])
        return self._expect(path, [S.CONTINUE_UNRECORDED, S.SESSION_COMPLETE])

    def _expect(self, path: list[State], rest: list[State]) -> Expectation:
        failed = len(self.failed)
        attempts = [ExpectedAttempt(recorder=self.nodes[n].name, failed=True) for n in self.failed]
        took = self.nodes[failed] if S.CONNECTED in path else None
        recorded_by = took.name if took is not None and took.script is None else ""
        if took is not None:
            attempts.append(ExpectedAttempt(recorder=took.name))
        exit_status: int | str = EXIT_STATUS
        if self.left or (not self.policy.required and self.policy.recorders):
            exit_status = "none"
        elif rest == [S.SESSION_REJECTED]:
            exit_status = REJECTED_EXIT_STATUS
        elif rest == [S.SESSION_TERMINATED] and not self.exited:
            exit_status = "nonzero"
        return msgspec.convert(
            {
                "session": SESSION,
                "path": [*path, *rest],
                "aborted": self.aborted,
                "exit": exit_status,
                "attempts": attempts,
                "notices": self._notices(path, rest, attempts),
                "shows": self.sees,
                "recording": "complete" if recorded_by else "none",
                "recorded_by": recorded_by,
            },
            Expectation,
        )

    def _notices(
        self, path: list[State], rest: list[State], attempts: list[ExpectedAttempt]
    ) -> list[int]:
        if not attempts or not self.policy.notify or path[-1] not in _FAILURES:
            return []
        return [_NOTICES.get(rest[0], NoticeType.FAILED)]


_FAILURES = (S.RECORDING_FAILED, S.CONNECTION_LOST)
_NOTICES = {
    S.SESSION_REJECTED: NoticeType.REJECTED,
    S.SESSION_TERMINATED: NoticeType.TERMINATED,
}


def _loses(effect: steps.Effect) -> bool:
    return isinstance(effect, steps.Enter) and effect.state is S.CONNECTION_LOST


def _lost_at(does: str, world: World, *, closing: bool) -> Script:
    if closing:
        return msgspec.convert({"does": does, "at": "closing"}, Script)
    said = {"words": WORDS} if does == "error-frame" else {}
    if world.sent:
        return msgspec.convert({"does": does, "on_text": f"out-{world.sent}", **said}, Script)
    at = "before-header" if world.unsaid else "header"
    return msgspec.convert({"does": does, "at": at, **said}, Script)
