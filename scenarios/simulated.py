"""Plays scenarios in virtual time and judges them: the virtual counterpart of the engine."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime

from conformance.agreement import Agreement, compared
from conformance.checking import judge
from conformance.history import History
from conformance.judgement import Finding, Judgement, Run, Status
from conformance.scenario import Scenario
from conformance.under_test import skipped
from scenarios.engine import Observer, Options, Play, Result, coverage
from simulator.virtual.playable import can_play
from simulator.virtual.shell_syntax import NotModelledError
from simulator.virtual.world import WORLD, VirtualWorld


async def simulate(
    plays: Sequence[Play], options: Options, observer: Observer, stop: asyncio.Event
) -> Result:
    """Play everything virtually and judge it; once `stop` is set, what is not over is ``error``.

    What the virtual world cannot play is ``skip``, with the reason. One after the other: it takes
    milliseconds, and the order changes nothing.
    """
    begun, started = time.monotonic(), datetime.now(UTC)
    judged: list[tuple[Judgement, History]] = []
    for item in plays:
        observer.started(item.scenario.id)
        if stop.is_set():
            judged.append((_broken(item.scenario, "interrupted before it was over"), ()))
        else:
            judged.append(played(item, options))
        observer.finished(judged[-1][0])
        await asyncio.sleep(0)  # a signal that asks to stop is heard here
    results = tuple(judgement for judgement, _ in judged)
    return Result(
        run=Run(
            tool="recspec",
            version=options.version,
            target=options.target,
            world=WORLD,
            seed=options.seed,
            speed=options.speed,
            started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            duration_s=time.monotonic() - begun,
            results=results,
            coverage=coverage(results),
        ),
        histories=tuple(history for _, history in judged),
    )


def played(item: Play, options: Options) -> tuple[Judgement, History]:
    """Play one scenario and judge it."""
    scenario = item.scenario
    why = can_play(scenario, item.mutant)
    if why:
        return skipped(scenario, why), ()
    try:
        history = VirtualWorld(scenario, options.seed, options.speed, item.mutant).play()
    except NotModelledError as error:
        return skipped(scenario, str(error)), ()
    except Exception as error:  # noqa: BLE001 - a model that breaks knows nothing of anybody
        why = "".join(traceback.format_exception(error)).rstrip()
        return _broken(scenario, f"the virtual world broke: {why}"), ()
    return judge(scenario, history), history


def _broken(scenario: Scenario, why: str) -> Judgement:
    return Judgement(
        scenario=scenario.id,
        title=scenario.title,
        status=Status.ERROR,
        duration_s=0.0,
        clauses=(),
        findings=(Finding(clause="rig", status=Status.ERROR, message=why),),
        transitions=(),
    )


def agreement(plays: Sequence[Play], live: Result, simulated: Result) -> Agreement:
    """Compare what both worlds made of the same plays, wherever both know something."""
    return compared(
        (item.scenario, live.histories[index], simulated.histories[index])
        for index, item in enumerate(plays)
        if live.run.results[index].status is not Status.ERROR
        and simulated.run.results[index].status is not Status.SKIP
    )
