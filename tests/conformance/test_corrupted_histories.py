"""What is damaged on its way must not look better: what failed stays failed, or is an error.

Histories of failing mutants, played in virtual time, lose lines, get them twice or in another's
place, are cut off, or lack an observer. Whatever is then judged, it is no pass, and nothing raises.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest

from conformance.checking import judge
from conformance.history import Event, History
from conformance.judgement import Status
from conformance.wire import SECOND
from fixtures.faults import vocabulary
from scenarios.reader import library
from simulator.overlay import mutant_named
from simulator.virtual.world import VirtualWorld

LIBRARY = library(frozenset(vocabulary()))
CASES = (
    ("calls-all-primary", "failover/second-wins"),
    ("fails-at-once", "reject/no-list"),
    ("forgets-words", "loss/error-frame-open"),
    ("sends-no-notices", "reject/exec"),
)
SAMPLE = 8
"""Lines of a history that are damaged one by one."""


def played(mutant: str, name: str) -> History:
    """A history of a run that fails, begun at some time that is not 0, as real ones are."""
    history = VirtualWorld(LIBRARY[name], mutant=mutant_named(mutant)).play()
    return tuple(at(event, event.at + 1000 * SECOND) for event in history)


def at(event: Event, time: int) -> Event:
    return msgspec.structs.replace(event, at=time)


def damaged(history: History, dice: random.Random) -> Iterator[tuple[str, History]]:
    """Every kind of damage, at some places."""
    observers = sorted({event.observer for event in history})
    for name in observers:
        yield f"without {name}", tuple(e for e in history if e.observer != name)
        for away in (-40, 40):
            yield (
                f"{name} by {away} s",
                tuple(at(e, e.at + away * SECOND) if e.observer == name else e for e in history),
            )
        mine = [event for event in history if event.observer == name]
        for tenth in range(1, 10):
            kept = {id(event) for event in mine[: len(mine) * tenth // 10]}
            yield (
                f"{name} to {tenth}/10",
                tuple(e for e in history if e.observer != name or id(e) in kept),
            )
    for tenth in range(1, 10):
        yield f"to {tenth}/10", history[: len(history) * tenth // 10]
    for index in dice.sample(range(len(history)), SAMPLE):
        event = history[index]
        before, after = history[:index], history[index + 1 :]
        other = dice.choice(after) if after else event
        yield f"{index} gone", before + after
        yield f"{index} twice", (*before, event, event, *after)
        yield (
            f"{index} renamed",
            (*before, msgspec.structs.replace(event, observer="nobody"), *after),
        )
        yield f"{index} far later", (*before, at(event, event.at + 900 * SECOND), *after)
        yield f"{index} in the place of another", (*before, msgspec.structs.replace(other), *after)


@pytest.mark.parametrize(("mutant", "name"), CASES)
def test_no_damage_makes_a_failing_history_pass(mutant: str, name: str) -> None:
    scenario, history = LIBRARY[name], played(mutant, name)
    assert judge(scenario, history).status is Status.FAIL
    for what, left in damaged(history, random.Random(f"{mutant} {name}")):
        judgement = judge(scenario, left)
        assert judgement.status in (Status.FAIL, Status.ERROR), what
        broke = [f.message for f in judgement.findings if "the checker broke" in f.message]
        assert not broke, what


@pytest.mark.parametrize(("mutant", "name"), CASES)
def test_without_its_scenario_damage_raises_nothing_and_passes_no_part_over(
    mutant: str, name: str
) -> None:
    history = played(mutant, name)
    for what, left in damaged(history, random.Random(name)):
        judgement = judge(None, left)
        assert not [f for f in judgement.findings if "the checker broke" in f.message], what
        if what.startswith("without"):
            assert judgement.status is Status.ERROR or "recorder/" in what, what
