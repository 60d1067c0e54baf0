"""The engine: plays many scenarios at once, judges each, and says what came of it all."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from conformance.checking import judge
from conformance.clauses import CATALOGUE
from conformance.history import History
from conformance.judgement import (
    ClauseCoverage,
    Coverage,
    Finding,
    Judgement,
    Run,
    Status,
    TransitionCoverage,
)
from conformance.machine import TRANSITIONS, covered
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from fixtures.live import LiveWorld
from fixtures.nursery import NurseryGone
from fixtures.rig import Rig
from simulator.overlay import Mutant

DEFAULT_JOBS = 64
"""Scenarios that are played at once: they mostly wait for the protocol's timers."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to play."""

    jobs: int = DEFAULT_JOBS
    seed: int = 0
    speed: int = 1
    mutant: Mutant | None = None
    target: str = "reference"
    version: str = ""


class Observer(Protocol):
    """Who wants to know how a run goes on."""

    def started(self, scenario: str) -> None:
        """A scenario is being played now."""

    def finished(self, judgement: Judgement) -> None:
        """A scenario was judged."""


class Result(msgspec.Struct):
    """What a run leaves: the judgements, and the histories by scenario ID."""

    run: Run
    histories: dict[str, History]


async def play(
    scenarios: Sequence[Scenario], options: Options, observer: Observer, stop: asyncio.Event
) -> Result:
    """Play all scenarios live and judge them; once `stop` is set, what is not over is ``error``.

    The longest scenarios begin first, so that they do not wait behind the others.
    """
    begun = time.monotonic()
    started = datetime.now(UTC)
    judged: dict[str, tuple[Judgement, History]] = {}
    faults = vocabulary()
    gate = asyncio.Semaphore(options.jobs)

    async def one(rig: Rig, scenario: Scenario) -> None:
        async with gate:
            observer.started(scenario.id)
            world = LiveWorld(
                rig,
                scenario,
                faults,
                seed=options.seed,
                speed=options.speed,
                mutant=options.mutant,
            )
            history = await world.play()
            judgement = judge(scenario, history)
            judged[scenario.id] = judgement, history
            observer.finished(judgement)

    why = ""
    async with contextlib.AsyncExitStack() as stack:
        try:
            rig = await stack.enter_async_context(Rig.started())
        except (NurseryGone, OSError) as error:
            why = str(error)
        else:
            tasks = [asyncio.ensure_future(one(rig, s)) for s in _longest_first(scenarios)]
            await _all_or_stopped(tasks, stop)
            why = "interrupted before it was over"
    for scenario in scenarios:
        if scenario.id not in judged:
            judged[scenario.id] = _not_played(scenario, why), ()
            observer.finished(judged[scenario.id][0])
    results = [judged[scenario.id] for scenario in scenarios]
    return Result(
        run=Run(
            tool="recspec",
            version=options.version,
            target=options.target,
            world="live",
            seed=options.seed,
            speed=options.speed,
            started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            duration_s=time.monotonic() - begun,
            results=tuple(judgement for judgement, _ in results),
            coverage=coverage(judgement for judgement, _ in results),
        ),
        histories={judgement.scenario: history for judgement, history in results},
    )


async def _all_or_stopped(tasks: list[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Wait for all, or until told to stop; what then still runs is cancelled and cleared away."""
    stopped = asyncio.ensure_future(stop.wait())
    pending = set(tasks)
    try:
        while pending and not stopped.done():
            done, _ = await asyncio.wait({*pending, stopped}, return_when=asyncio.FIRST_COMPLETED)
            pending -= done
            for task in done - {stopped}:
                task.result()  # an engine that breaks must not look like a verdict
    finally:
        stopped.cancel()
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def _not_played(scenario: Scenario, why: str) -> Judgement:
    return Judgement(
        scenario=scenario.id,
        title=scenario.title,
        status=Status.ERROR,
        duration_s=0.0,
        clauses=(),
        findings=(Finding(clause="rig", status=Status.ERROR, message=why),),
        transitions=(),
    )


def _longest_first(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Order by the time that a scenario says it may take; waiting for others comes on top."""
    return sorted(scenarios, key=lambda scenario: -scenario.deadline)


def coverage(judgements: Iterable[Judgement]) -> Coverage:
    """Measure what was exercised, from what was judged."""
    judgements = tuple(judgements)
    taken, missing = covered(arrow for j in judgements for arrow in j.transitions)
    checked = {clause for j in judgements for clause in j.clauses}
    return Coverage(
        transitions=TransitionCoverage(covered=len(taken), total=len(TRANSITIONS), missing=missing),
        clauses=ClauseCoverage(
            covered=len(checked & CATALOGUE.keys()),
            total=len(CATALOGUE),
            missing=tuple(clause for clause in CATALOGUE if clause not in checked),
        ),
    )
