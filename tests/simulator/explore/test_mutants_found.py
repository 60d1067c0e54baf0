"""Exploration finds every mutant of the client, with no hint where to look.

Its shortest schedule becomes a scenario file, and that fails in the virtual world for the mutant
and for nobody else. All that these bounds allow, the base scenario allows too, so what is found
here is found there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.checking import judge
from conformance.judgement import Status
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from recspec.explore import file_text
from scenarios.reader import load
from simulator.explore.as_scenario import write
from simulator.explore.bounds import Bounds
from simulator.explore.exploration import Explored, explore
from simulator.overlay import Mutant, Overlay, mutants
from simulator.virtual.playable import can_play
from simulator.virtual.world import VirtualWorld

FAULTS = frozenset(vocabulary())
BASE = Bounds(recorders=2, faults=1, outputs=1)
BEYOND_WORDS = {"chooses-without-end", "notices-the-last-attempt", "drops-waiting-output"}
"""Whose shortest schedule no scenario can say: several answers are late, each in its time (with the
one fault of these bounds), or output was sent and not yet handed over when its recording was lost.
Scenarios of the library show them all the same."""
CLIENTS = {name: mutant for name, mutant in mutants().items() if mutant.part == "client"}


def found(mutant: Mutant) -> Explored:
    """Explore up to the first violation."""
    return explore(BASE, Overlay(mutant), first=True)


def status(scenario: Scenario, mutant: Mutant | None) -> Status:
    """Play it in virtual time, and judge it."""
    assert not can_play(scenario)
    return judge(scenario, VirtualWorld(scenario, mutant=mutant).play()).status


@pytest.mark.parametrize("name", CLIENTS)
def test_a_mutant_is_found_and_its_schedule_fails_as_a_scenario(name: str, tmp_path: Path) -> None:
    mutant = CLIENTS[name]
    (shown, *_) = found(mutant).violations
    written = write(f"{name}: {shown.rule}", shown.played, BASE)
    path = tmp_path / f"{name}.yaml"
    path.write_text(file_text(shown, written))
    scenario = load(path, FAULTS)
    fails = status(scenario, mutant) in (Status.FAIL, Status.WARN)
    assert fails == (name not in BEYOND_WORDS), path.read_text()
    assert fails or written.unsaid
    assert status(scenario, None) is Status.PASS, path.read_text()


def test_the_base_scenario_allows_all_of_it() -> None:
    base = Bounds()
    assert set(BASE.policies()) <= set(base.policies())
    assert (BASE.faults, BASE.outputs) <= (base.faults, base.outputs)
    assert (BASE.versions, BASE.leaves, BASE.timers) == (base.versions, base.leaves, base.timers)


def test_there_are_enough_of_them() -> None:
    assert len(CLIENTS) >= 20
