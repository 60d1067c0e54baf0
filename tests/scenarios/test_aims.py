"""What a scenario is said to be written for is really checked in it."""

from __future__ import annotations

import asyncio

from conformance.judgement import Judgement, Status
from fixtures.faults import vocabulary
from scenarios.aims import aims
from scenarios.engine import Options, Play
from scenarios.exercised import read, unfold
from scenarios.matrix import matrix
from scenarios.reader import library
from scenarios.simulated import simulate

EVERY = 7
"""Of the matrix, one in so many is played: its axes turn fastest at the end."""


class Quiet:
    """Watches nothing."""

    def started(self, scenario: str) -> None:
        pass

    def finished(self, judgement: Judgement) -> None:
        pass


def test_the_library_is_as_its_index_says() -> None:
    index = read().scenarios
    for name, scenario in library(frozenset(vocabulary())).items():
        if name in index:  # that it is whole is held elsewhere
            assert aims(scenario) == unfold(index[name].clauses)


def test_what_the_matrix_aims_at_is_checked_when_it_is_played() -> None:
    chosen = list(matrix().values())[::EVERY]
    plays = [Play(scenario) for scenario in chosen]
    result = asyncio.run(simulate(plays, Options(), Quiet(), asyncio.Event()))
    played = 0
    for scenario, judgement in zip(chosen, result.run.results, strict=True):
        if judgement.status is Status.SKIP:
            continue
        played += 1
        unseen = {f.clause for f in judgement.findings if f.status is Status.SKIP}
        missing = set(aims(scenario)) - set(judgement.clauses) - unseen
        assert not missing, (scenario.id, missing)
    assert played > len(chosen) // 2
