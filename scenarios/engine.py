"""The engine: plays many scenarios at once, judges each, and says what came of it all."""

from __future__ import annotations

import asyncio
import contextlib
import time
import traceback
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from conformance.checking import judge
from conformance.clauses import CATALOGUE
from conformance.clients import binds_client, judge_driven, unplayable
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
from conformance.servers import NotFromOutside, binds_server, from_outside, judge_served
from conformance.under_test import skipped
from fixtures.driver_process import DriverCommand
from fixtures.faults import vocabulary
from fixtures.live import LiveWorld
from fixtures.nursery import NurseryGone
from fixtures.openssh import unplayable as openssh_unplayable
from fixtures.profiles import Profile
from fixtures.rig import Rig
from simulator.overlay import Mutant

DEFAULT_JOBS = 160
"""Scenarios that are played at once: they mostly wait for the protocol's timers."""


TAKES = 3
"""How often a scenario is played whose observation our own lateness spoiled. A verdict is final."""
APART = 16
"""Scenarios whose last take is played at once, when all others are over: then we are less late."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to play."""

    jobs: int = DEFAULT_JOBS
    seed: int = 0
    speed: int = 1
    target: str = "reference"
    version: str = ""
    driver: DriverCommand | None = None
    """The client under test, in place of our SSH server's own recorder client."""
    served: Profile | None = None
    """The SSH server under test, in place of ours."""


class Play(msgspec.Struct, frozen=True):
    """One scenario to be played, with a mutant in place of one reference part or without."""

    scenario: Scenario
    mutant: Mutant | None = None


class Observer(Protocol):
    """Who wants to know how a run goes on."""

    def started(self, scenario: str) -> None:
        """A scenario is being played now."""

    def finished(self, judgement: Judgement) -> None:
        """A scenario was judged."""


class Result(msgspec.Struct, frozen=True):
    """What a run leaves: the judgements, and a history for each, in the order of the plays."""

    run: Run
    histories: tuple[History, ...]


async def play(
    plays: Sequence[Play], options: Options, observer: Observer, stop: asyncio.Event
) -> Result:
    """Play everything live and judge it; once `stop` is set, what is not over is ``error``.

    The longest scenarios begin first, so that they do not wait behind the others.
    """
    begun = time.monotonic()
    started = datetime.now(UTC)
    judged: dict[int, tuple[Judgement, History]] = {}
    faults = vocabulary()
    gate = asyncio.Semaphore(options.jobs)
    apart = asyncio.Semaphore(min(options.jobs, APART))
    spoiled: list[int] = []
    driver = options.driver

    def judged_by(scenario: Scenario, history: History) -> Judgement:
        if driver is not None:
            return judge_driven(scenario, history, driver.can)
        if options.served is not None:
            return judge_served(scenario, history)
        return judge(scenario, history)

    async def one(rig: Rig, index: int, *, last: bool = False) -> None:
        scenario, mutant = plays[index].scenario, plays[index].mutant
        why = ""
        if driver is not None:
            why = unplayable(scenario, driver.can)
        elif options.served is not None:
            scenario, why = _as_served(scenario, options.served)

        def world() -> LiveWorld:
            return LiveWorld(
                rig,
                scenario,
                faults,
                seed=options.seed,
                speed=options.speed,
                mutant=mutant,
                driver=driver,
                served=options.served,
            )

        async with apart if last else gate:
            if not last:
                observer.started(scenario.id)
            history: History
            void = False
            try:
                for _ in range(1 if last else TAKES - 1):
                    if why:
                        judgement, history = skipped(scenario, why), ()
                        break
                    if why := openssh_unplayable(scenario.sessions):
                        judgement, history = skipped(scenario, why), ()
                        break
                    history = await world().play()
                    judgement = await asyncio.to_thread(judged_by, scenario, history)
                    void = any(finding.void for finding in judgement.findings)
                    if not void:
                        break
            except Exception as error:  # noqa: BLE001 - a rig that breaks knows nothing of anybody
                why = "".join(traceback.format_exception(error)).rstrip()
                judgement, history, void = _not_played(scenario, f"the rig broke: {why}"), (), False
            if void and not last:
                spoiled.append(index)
                return
            judged[index] = judgement, history
            observer.finished(judgement)

    why = ""
    async with contextlib.AsyncExitStack() as stack:
        try:
            rig = await stack.enter_async_context(Rig.started())
        except (NurseryGone, OSError) as error:
            why = str(error)
        else:
            if any(item.scenario.needs_s3 for item in plays):
                await rig.s3()
            # The longest first, by the time that a scenario says it may take.
            order = sorted(range(len(plays)), key=lambda i: -plays[i].scenario.deadline)
            await _all_or_stopped([asyncio.ensure_future(one(rig, i)) for i in order], stop)
            again = [asyncio.ensure_future(one(rig, i, last=True)) for i in spoiled]
            await _all_or_stopped(again, stop)
            why = "interrupted before it was over"
    for index, item in enumerate(plays):
        if index not in judged:
            judged[index] = _not_played(item.scenario, why), ()
            observer.finished(judged[index][0])
    results = tuple(judged[index][0] for index in range(len(plays)))
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
            results=results,
            coverage=coverage(results, _binding(options)),
        ),
        histories=tuple(judged[index][1] for index in range(len(plays))),
    )


def _as_served(scenario: Scenario, server: Profile) -> tuple[Scenario, str]:
    """Return a scenario as it is played with an SSH server under test, or why it cannot be."""
    try:
        login = server.login
        secret = bool(login.key or login.password)
        seen = from_outside(scenario, user=login.user, asks=server.asks, secret=secret)
    except NotFromOutside as error:
        return scenario, str(error)
    return seen, ""


def _binding(options: Options) -> tuple[str, ...] | None:
    """Return the clauses that bind the target; None: all that there are."""
    if options.driver is not None:
        return tuple(filter(binds_client, CATALOGUE))
    return tuple(filter(binds_server, CATALOGUE)) if options.served is not None else None


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


def coverage(judgements: Iterable[Judgement], clauses: Collection[str] | None = None) -> Coverage:
    """Measure what was exercised, from what was judged; of `clauses`, or of the whole catalogue."""
    clauses = CATALOGUE if clauses is None else clauses
    judgements = tuple(judgements)
    taken, missing = covered(arrow for j in judgements for arrow in j.transitions)
    checked = {clause for j in judgements for clause in j.clauses}
    return Coverage(
        transitions=TransitionCoverage(covered=len(taken), total=len(TRANSITIONS), missing=missing),
        clauses=ClauseCoverage(
            covered=len(checked & set(clauses)),
            total=len(clauses),
            missing=tuple(clause for clause in clauses if clause not in checked),
        ),
    )
