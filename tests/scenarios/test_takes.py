"""An observation that our own lateness spoiled is taken again, at last when all else is over."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from conformance.checking import RIG, judge
from conformance.history import History
from conformance.judgement import Finding, Judgement, Status
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from scenarios import engine
from scenarios.engine import TAKES, Options, Play, play
from scenarios.reader import library

QUICK, SLOW = "basic/exec", "answers/stands-still"
LATE = Finding(clause=RIG, status=Status.ERROR, message="we were late", void=True)

pytestmark = pytest.mark.live


class Heard:
    """Hears what the observer of a run does."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.over: list[str] = []

    def started(self, scenario: str) -> None:
        self.began.append(scenario)

    def finished(self, judgement: Judgement) -> None:
        self.over.append(judgement.scenario)


@pytest.mark.parametrize(("late", "status"), [(TAKES - 1, Status.PASS), (TAKES, Status.ERROR)])
def test_the_last_take_is_played_when_all_else_is_over(
    late: int, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []

    def judging(scenario: Scenario, history: History) -> Judgement:
        judged.append(scenario.id)
        judgement = judge(scenario, history)
        if scenario.id == QUICK and judged.count(QUICK) <= late:
            return msgspec.structs.replace(judgement, status=Status.ERROR, findings=(LATE,))
        return judgement

    monkeypatch.setattr(engine, "judge", judging)
    found = library(frozenset(vocabulary()))
    plays = [Play(found[QUICK]), Play(found[SLOW])]
    heard = Heard()
    result = asyncio.run(play(plays, Options(), heard, asyncio.Event()))
    assert judged == [*[QUICK] * (TAKES - 1), SLOW, QUICK]
    assert sorted(heard.began) == sorted([QUICK, SLOW])
    assert heard.over == [SLOW, QUICK]
    assert [one.status for one in result.run.results] == [status, Status.PASS]


def test_a_verdict_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """What broke without a doubt is not played again."""
    judged: list[str] = []
    broken = Finding(clause="streaming-5", status=Status.FAIL, message="broken")

    def judging(scenario: Scenario, history: History) -> Judgement:
        judged.append(scenario.id)
        judgement = judge(scenario, history)
        return msgspec.structs.replace(judgement, status=Status.FAIL, findings=(broken,))

    monkeypatch.setattr(engine, "judge", judging)
    found = library(frozenset(vocabulary()))
    result = asyncio.run(play([Play(found[QUICK])], Options(), Heard(), asyncio.Event()))
    assert judged == [QUICK]
    assert result.run.results[0].status is Status.FAIL
