"""Every property can fail: broken clients, each found without a hint, and the right one not."""

from __future__ import annotations

import pytest

from conformance.machine import TRANSITIONS, State
from conformance.wire import Attempt
from simulator import client_steps as core
from simulator.client import Client, Phase
from simulator.client_steps import Effects
from simulator.explore.bounds import Bounds
from simulator.explore.exploration import explore
from simulator.explore.properties import HANG, RULES
from simulator.overlay import Mutant, Overlay, mutants

SMALL = Bounds(recorders=2, faults=1, outputs=1)
FEW = Bounds(recorders=2, faults=1, outputs=1, actions=("both", "neither"))
CLIENTS = [mutant for mutant in mutants().values() if mutant.part == "client"]


def overlay(broken: type[Client]) -> Overlay:
    return Overlay(
        Mutant(
            name="x", part="client", summary="", breaks=(), shown_by=(), overlay={Client: broken}
        )
    )


def test_the_client_keeps_every_property_and_takes_every_arrow() -> None:
    found = explore(SMALL)
    assert found.complete
    assert found.violations == ()
    assert len(found.taken) == len(TRANSITIONS)
    assert found.missing == ()


def test_finer_instants_show_nothing_else() -> None:
    coarse = Bounds(recorders=1, faults=1, outputs=1, actions=("both",), notify=(True,))
    fine = Bounds(recorders=1, faults=1, outputs=1, actions=("both",), notify=(True,), instants=2)
    assert explore(fine).states > explore(coarse).states
    assert explore(fine).taken == explore(coarse).taken
    assert explore(fine).violations == ()


def test_the_mutants_of_the_client_are_all_explored() -> None:
    assert {mutant.name for mutant in CLIENTS} >= {"hasty-ack-window", "falls-back-to-v1"}
    for mutant in CLIENTS:
        assert set(mutant.overlay) == {Client}, "another part's defect is not explored"


# --- broken on purpose ----------------------------------------------------------------------------


class SkipsConnected(Client):
    def opened(self, event: core.Opened, now: int) -> Effects:
        return [e for e in super().opened(event, now) if e != core.Enter(State.CONNECTED)]


class ShowsFirst(Client):
    def output(self, event: core.Output, now: int) -> Effects:
        effects = super().output(event, now)
        if self.session.waiting:
            self.session.waiting = ()
            effects.append(core.Show(event.data))
        return effects


class ShowsWhatWasLost(Client):
    def lost(self, op: int, why: str, now: int) -> Effects:
        shown = self.show_waiting() if self.session.phase is Phase.STREAMING else []
        return shown + super().lost(op, why, now)


class ForgetsOutput(Client):
    def output(self, event: core.Output, now: int) -> Effects:
        return [e for e in super().output(event, now) if not isinstance(e, core.Send)]


class SendsTwice(Client):
    def output(self, event: core.Output, now: int) -> Effects:
        effects = super().output(event, now)
        return effects * 2 if self.session.phase is Phase.STREAMING else effects


class ClosesEarly(Client):
    def command_exited(self, event: core.CommandExited, now: int) -> Effects:
        self.session.unhanded = 0
        return super().command_exited(event, now)


class DialsBackwards(Client):
    def policy_answered(self, event: core.PolicyAnswered, now: int) -> Effects:
        turned = core.PolicyAnswered(
            event.required, event.recorders[::-1], event.reject_message, event.terminate_message,
            event.notify,
        )  # fmt: skip
        return super().policy_answered(turned, now)


class GivesUpAfterOne(Client):
    def attempt_failed(self, why: str, now: int) -> Effects:
        self.session.recorders = self.session.recorders[: self.session.index + 1]
        return super().attempt_failed(why, now)


class ForgetsFinalTimer(Client):
    def close(self, now: int) -> Effects:
        return [e for e in super().close(now) if not isinstance(e, core.SetTimer)]


class ForgetsStepTimers(Client):
    def dial(self, phase: Phase, now: int) -> Effects:
        return [e for e in super().dial(phase, now) if not isinstance(e, core.SetTimer)]


class GenerousAckWindow(Client):
    def opened(self, event: core.Opened, now: int) -> Effects:
        return [
            core.SetTimer(e.timer, e.at + 1) if isinstance(e, core.SetTimer) else e
            for e in super().opened(event, now)
        ]


class TellsTwice(Client):
    def complete(self) -> Effects:
        return [core.Exit(self.session.exit_status or 0), *super().complete()]


class LeavesConnection(Client):
    def answer_ended(self, event: core.AnswerEnded, now: int) -> Effects:
        effects = super().answer_ended(event, now)
        return [e for e in effects if not isinstance(e, core.Cancel)]


class NeverFinishes(Client):
    def complete(self) -> Effects:
        return [e for e in super().complete() if not isinstance(e, core.Finish)]


class ClosedWhenOpen(Client):
    def terminates(self) -> bool:
        return True


class RejectsAlways(Client):
    def rejects(self) -> bool:
        return True


class NoticesTwice(Client):
    def notice(self, event_type: int) -> Effects:
        return super().notice(event_type) * 2


class NeverNotices(Client):
    def notice(self, event_type: int) -> Effects:
        return []


class NoticesOne(Client):
    def notice(self, event_type: int) -> Effects:
        return [
            core.Notify(e.event_type, e.attempts[-1:]) if isinstance(e, core.Notify) else e
            for e in super().notice(event_type)
        ]


class NoticesWithoutReason(Client):
    def notice(self, event_type: int) -> Effects:
        s = self.session
        s.attempts = tuple(Attempt(attempt.recorder) for attempt in s.attempts)
        return super().notice(event_type)


class StartsTooEarly(Client):
    def open(self, now: int, *, v2: bool) -> Effects:
        return [*super().open(now, v2=v2), core.StartCommand(recorded=True)]


class WrongStatus(Client):
    def command_exited(self, event: core.CommandExited, now: int) -> Effects:
        s = self.session
        if s.phase is Phase.UNRECORDED:
            return self.complete()
        return super().command_exited(event, now)


class IgnoresErrors(Client):
    def error_received(self, event: core.ErrorReceived, now: int) -> Effects:
        return []


class WithoutWords(Client):
    def error_received(self, event: core.ErrorReceived, now: int) -> Effects:
        return self.lost(event.op, "the recorder failed", now)


class RepeatsAnything(Client):
    def error_received(self, event: core.ErrorReceived, now: int) -> Effects:
        return self.lost(event.op, event.message, now)


class IgnoresUsers(Client):
    def user_left(self, event: core.UserLeft, now: int) -> Effects:
        return []


class NeverStalls(Client):
    @property
    def wants_output(self) -> bool:
        return True


class HearsTheDead(Client):
    def dial_failed(self, event: core.DialFailed, now: int) -> Effects:
        if self.session.phase in (Phase.DIAL, Phase.DIAL_V1):
            return self.attempt_failed(event.why, now)
        return []


class SpeaksAfterTheEnd(Client):
    def output(self, event: core.Output, now: int) -> Effects:
        over = self.session.phase is Phase.OVER
        return [core.Show(event.data)] if over else super().output(event, now)


BROKEN: list[tuple[str, type[Client]]] = [
    ("table", SkipsConnected),
    ("shown", ShowsFirst),
    ("shown", ShowsWhatWasLost),
    ("recorded", ForgetsOutput),
    ("recorded", SendsTwice),
    ("shown", ClosesEarly),
    ("choosing", DialsBackwards),
    ("cause", GivesUpAfterOne),
    ("limits", ForgetsFinalTimer),
    ("limits", ForgetsStepTimers),
    ("limits", GenerousAckWindow),
    ("ends", TellsTwice),
    ("ends", LeavesConnection),
    ("reacts", NeverFinishes),
    ("failure-action", ClosedWhenOpen),
    ("failure-action", RejectsAlways),
    ("notice", NoticesTwice),
    ("notice", NeverNotices),
    ("notice", NoticesOne),
    ("notice", NoticesWithoutReason),
    ("command", StartsTooEarly),
    ("ends", WrongStatus),
    ("reacts", IgnoresErrors),
    ("reacts", IgnoresUsers),
    ("words", WithoutWords),
    ("words", RepeatsAnything),
    ("stalls", NeverStalls),
    ("overtaken", HearsTheDead),
    ("overtaken", SpeaksAfterTheEnd),
]


@pytest.mark.parametrize(("rule", "broken"), BROKEN, ids=[b.__name__ for _, b in BROKEN])
def test_a_broken_client_is_found(rule: str, broken: type[Client]) -> None:
    found = explore(FEW, overlay(broken))
    assert rule in [shown.rule for shown in found.violations], found.violations


def test_every_property_is_seen_to_fail() -> None:
    # What no client of ours breaks is broken by a system of its own, in test_search.
    assert {rule for rule, _ in BROKEN} == set(RULES) - {HANG}
