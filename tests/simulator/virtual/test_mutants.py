"""Mutants of the recorder client's core break the same clauses in virtual time as live."""

from __future__ import annotations

import pytest

from conformance.agreement import differences
from conformance.checking import judge
from conformance.judgement import Finding, Status
from fixtures.faults import vocabulary
from scenarios.reader import library
from simulator.overlay import mutants
from simulator.virtual.playable import CORE, can_play
from simulator.virtual.world import VirtualWorld

LIBRARY = library(frozenset(vocabulary()))
MUTANTS = {name: mutant for name, mutant in mutants().items() if mutant.part == CORE}


def findings(name: str) -> list[Finding]:
    mutant = MUTANTS[name]
    found: list[Finding] = []
    for shown in mutant.shown_by:
        scenario = LIBRARY[shown]
        assert not can_play(scenario, mutant)
        found += judge(scenario, VirtualWorld(scenario, mutant=mutant).play()).findings
    return found


def test_there_are_some() -> None:
    assert MUTANTS


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_breaks_what_it_declares(name: str) -> None:
    # The live main job demands exactly the same set of the same mutant.
    found = findings(name)
    broken = {f.clause for f in found if f.status in (Status.FAIL, Status.WARN)}
    assert broken == set(MUTANTS[name].breaks), found
    assert not [f for f in found if f.status is Status.ERROR]


@pytest.mark.parametrize("name", MUTANTS)
def test_worlds_with_and_without_it_differ(name: str) -> None:
    mutant = MUTANTS[name]
    scenario = LIBRARY[mutant.shown_by[0]]
    sound, odd = VirtualWorld(scenario).play(), VirtualWorld(scenario, mutant=mutant).play()
    assert not differences(scenario, sound, sound)
    assert {d.aspect for d in differences(scenario, sound, odd)} >= {"verdict"}


def test_mutants_of_other_parts_are_live_only() -> None:
    others = [mutant for mutant in mutants().values() if mutant.part != CORE]
    assert others
    for mutant in others:
        assert "live only" in can_play(LIBRARY["basic/exec"], mutant)
