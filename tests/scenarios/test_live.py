"""The main job: the whole library in real time, and every mutant once, on real parts.

The histories are judged a second time with what the server said of itself taken away, as those of
a server that reports nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
import pytest

from conformance.agreement import differences
from conformance.cases import PREFIX
from conformance.checking import judge
from conformance.history import History, Played
from conformance.inference import infer
from conformance.joining import join
from conformance.judgement import Finding, Judgement, Status
from conformance.machine import TRANSITIONS, replay
from conformance.scenario import Scenario
from conformance.sessions import Possible
from fixtures.faults import vocabulary
from scenarios.engine import Options, Play, Result, play
from scenarios.reader import library
from simulator.overlay import mutants
from simulator.virtual.playable import can_play
from simulator.virtual.world import VirtualWorld

LIBRARY = library(frozenset(vocabulary()))
MUTANTS = {
    name: mutant
    for name, mutant in mutants().items()
    if not any(shown.startswith(PREFIX) for shown in mutant.shown_by)
}

REFUSED = {"policy/refused"}
"""Where no rule lets the user in: there is a connection, and no session."""

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(300)]


class Quiet:
    """Watches nothing: pytest tells."""

    def started(self, scenario: str) -> None:
        pass

    def finished(self, judgement: Judgement) -> None:
        pass


def plays() -> Iterator[Play]:
    """The library without a mutant, and each mutant with the scenarios that show it."""
    for scenario in LIBRARY.values():
        yield Play(scenario)
    for mutant in MUTANTS.values():
        for name in mutant.shown_by:
            yield Play(LIBRARY[name], mutant)


@pytest.fixture(scope="module")
def result() -> Result:
    """Everything, played once, all at once: most of the time is the protocol's own waiting."""
    return asyncio.run(play(list(plays()), Options(), Quiet(), asyncio.Event()))


def told(findings: tuple[Finding, ...]) -> str:
    """Findings as a person wants to read them when a test fails."""
    return "\n".join(f"{f.status} {f.clause} {f.message} {f.evidence}" for f in findings)


@pytest.mark.parametrize("name", LIBRARY)
def test_the_reference_parts_conform(name: str, result: Result) -> None:
    judgement = result.run.results[list(LIBRARY).index(name)]
    assert judgement.scenario == name
    assert judgement.status is Status.PASS, told(judgement.findings)


@pytest.mark.parametrize("name", [name for name in LIBRARY if not can_play(LIBRARY[name])])
def test_the_virtual_world_agrees(name: str, result: Result) -> None:
    # Where they differ, one of the two worlds is wrong.
    live = result.histories[list(LIBRARY).index(name)]
    assert not differences(LIBRARY[name], live, VirtualWorld(LIBRARY[name]).play())


def test_every_arrow_is_taken(result: Result) -> None:
    taken = {arrow for j in result.run.results[: len(LIBRARY)] for arrow in j.transitions}
    assert taken == set(TRANSITIONS)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_breaks_what_it_declares(name: str, result: Result) -> None:
    mutant = MUTANTS[name]
    played = zip(plays(), result.run.results, strict=True)
    findings = tuple(f for p, j in played if p.mutant is mutant for f in j.findings)
    broken = {f.clause for f in findings if f.status in (Status.FAIL, Status.WARN)}
    assert broken == set(mutant.breaks), told(findings)
    assert not [f for f in findings if f.status is Status.ERROR], told(findings)


# --- from outside ---------------------------------------------------------------------------------


def from_outside(history: History) -> History:
    """What is left of a history when the server reports nothing."""
    return tuple(
        msgspec.structs.replace(
            event, what=msgspec.structs.replace(event.what, without=("server",))
        )
        if isinstance(event.what, Played)
        else event
        for event in history
        if event.observer != "server"
    )


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("name", LIBRARY)
def test_the_true_path_is_among_those_that_are_left(
    name: str, planned: bool, result: Result
) -> None:
    history = result.histories[list(LIBRARY).index(name)]
    scenario: Scenario | None = LIBRARY[name] if planned else None
    told = join(scenario, history)
    view = join(scenario, from_outside(history))
    infer(view)
    for session in told.sessions.values():
        if not session.path:
            assert name in REFUSED
            continue
        truth = Possible(session.path, session.aborted)
        assert truth.aborted or replay(truth.path) is None
        inferred = view.sessions[session.name].inferred
        assert inferred is not None
        assert inferred.illegal == ""
        assert truth in inferred.paths
        assert len(inferred.paths) == 1 or inferred.why


@pytest.mark.parametrize("name", LIBRARY)
def test_nothing_is_held_against_a_server_for_its_silence(name: str, result: Result) -> None:
    number = list(LIBRARY).index(name)
    whole = result.run.results[number]
    outside = judge(LIBRARY[name], from_outside(result.histories[number]))
    broken = {f.clause for f in outside.findings if f.status in (Status.FAIL, Status.WARN)}
    assert broken <= {f.clause for f in whole.findings}
    assert set(outside.clauses) <= set(whole.clauses)


def test_most_paths_can_be_told(result: Result) -> None:
    """An inference that shrugs at everything would pass all of the above."""
    left = []
    for scenario, history in zip(LIBRARY.values(), result.histories, strict=False):
        view = join(scenario, from_outside(history))
        infer(view)
        left += [len(s.inferred.paths) for s in view.sessions.values() if s.inferred]
    assert left.count(1) >= 0.8 * len(left)
