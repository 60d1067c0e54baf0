"""The suite: plays cases against one target in phases, and judges each.

Cases on the wire overlap, all of them: most of their time is the protocol's own waiting. Hostile
ones follow one by one, each beside a session that must not notice. Those that need a recorder and
a store of their own come last, a few at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from conformance.cases import Case, Phase, judge_case, lacking, skipped
from conformance.clauses import CATALOGUE, Binds
from conformance.history import End, Event, History, Log, Problem
from conformance.judgement import (
    ClauseCoverage,
    Coverage,
    Judgement,
    Run,
    Status,
    TransitionCoverage,
)
from conformance.probed import CasePlayed
from fixtures.bench import Bench
from fixtures.nursery import NurseryGone
from fixtures.peers.wire import DIAL_S, Gone, Tape
from fixtures.rig import Rig, RigError
from fixtures.s3 import S3Gone, S3Refused
from fixtures.target import Target, TargetError
from scenarios.engine import TAKES
from scenarios.recorder import Play, all_plays

AT_ONCE = {Phase.WIRE: 64, Phase.HOSTILE: 1, Phase.STORAGE: 6}
"""How many cases of a phase are played at a time."""
GRACE_S = 180.0
"""Seconds over its own time after which a play is given up: it waits with deadlines of its own."""
_TAPED = (Status.FAIL, Status.WARN, Status.ERROR)
"""Of a case that went otherwise no tape is kept: all together they would be large."""


class Observer(Protocol):
    """Who wants to know how a run goes on."""

    def started(self, scenario: str) -> None:
        """A case is being played now."""

    def finished(self, judgement: Judgement) -> None:
        """A case was judged."""


class Played(msgspec.Struct, frozen=True):
    """What one case left."""

    judgement: Judgement
    history: History = ()
    tape: bytes = b""
    """All bytes of all its connections where something went wrong, as JSON lines
    (`fixtures.peers.wire.Piece`)."""


async def play_case(case: Case, play: Play, target: Target, rig: Rig) -> Played:
    """Play one case and judge it; again when our own lateness spoiled it, at most `TAKES` times."""
    for left in reversed(range(TAKES)):
        history, tape = await _take(case, play, target, rig)
        judgement = await asyncio.to_thread(judge_case, case, history)
        if not left or not any(finding.void for finding in judgement.findings):
            break
    kept = tape.lines() if judgement.status in _TAPED else b""
    return Played(judgement, history, kept)


async def _take(case: Case, play: Play, target: Target, rig: Rig) -> tuple[History, Tape]:
    events: list[Event] = []
    log = Log("probe", time.monotonic_ns, events.append)
    bench = Bench(case, target, log, rig)
    log.note(
        CasePlayed(
            case=case.id,
            target=target.name,
            has=tuple(sorted(target.has)),
            node_id=target.node_id,
            layout=target.layout,
            began=bench.began,
        )
    )
    with rig.watching(log):
        try:
            async with asyncio.timeout(case.seconds + GRACE_S):
                with contextlib.suppress(Gone):  # noted already, and the case's to judge
                    await play(bench)
                await bench.search()
        except TimeoutError:
            log.note(Problem(what=f"the play did not end within {case.seconds + GRACE_S:.0f} s"))
        except (TargetError, RigError, S3Gone, S3Refused) as error:
            log.note(Problem(what=str(error)))
        except NurseryGone:  # without it nothing can be played any more
            raise
        except Exception as error:  # noqa: BLE001 - a play that breaks knows nothing of anybody
            log.note(Problem(what=f"the play broke: {type(error).__name__}: {error}"))
        finally:
            await bench.clear()
    log.note(End())
    return tuple(events), bench.tape


async def play_suite(
    cases: Sequence[Case],
    target: Target,
    rig: Rig,
    observer: Observer,
    stop: asyncio.Event,
) -> dict[str, Played]:
    """Play all `cases` that the target can be put through, phase by phase.

    Once `stop` is set, what is not over is ``error``.
    """
    known = all_plays()
    played: dict[str, Played] = {}
    for case in cases:
        reasons = tuple(lacking(case, target.has))
        if reasons:
            played[case.id] = Played(skipped(case, reasons))
            observer.finished(played[case.id].judgement)

    async def one(case: Case, gate: asyncio.Semaphore) -> None:
        async with gate:
            if stop.is_set():
                return
            observer.started(case.id)
            if case.phase is Phase.HOSTILE:
                await _revived(target)
            played[case.id] = await play_case(case, known[case.id], target, rig)
            observer.finished(played[case.id].judgement)

    for phase in Phase:
        gate = asyncio.Semaphore(AT_ONCE[phase])
        now = [case for case in cases if case.phase is phase and case.id not in played]
        now.sort(key=lambda case: -case.seconds)
        async with _stoppable(stop) as tasks:
            tasks += [asyncio.ensure_future(one(case, gate)) for case in now]
    for case in cases:
        if case.id not in played:
            played[case.id] = Played(_broken_off(case))
            observer.finished(played[case.id].judgement)
    return {case.id: played[case.id] for case in cases}


async def _revived(target: Target) -> None:
    """Start a target again that an earlier case brought down: each case speaks for itself."""
    try:
        async with asyncio.timeout(DIAL_S):
            _, writer = await asyncio.open_connection(target.host, target.port)
    except (OSError, TimeoutError):
        if target.process is not None:
            await target.kill()
            with contextlib.suppress(TargetError):  # the case will say that nothing listens
                await target.restart()
    else:
        writer.close()


@contextlib.asynccontextmanager
async def _stoppable(stop: asyncio.Event) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Wait at the end for the tasks that were put into the list, or until `stop` is set."""
    tasks: list[asyncio.Task[None]] = []
    yield tasks
    stopped = asyncio.ensure_future(stop.wait())
    pending = set(tasks)
    try:
        while pending and not stopped.done():
            done, _ = await asyncio.wait({*pending, stopped}, return_when=asyncio.FIRST_COMPLETED)
            pending -= done
            for task in done - {stopped}:
                task.result()
    finally:
        stopped.cancel()
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def _broken_off(case: Case) -> Judgement:
    history = (Event("probe", 0, 0, Problem(what="interrupted before it was over")),)
    return judge_case(case, history)


_BOUND = (Binds.RECORDER, Binds.STORAGE)
"""Whose clauses a recorder's coverage is counted by."""


def run_of(
    played: dict[str, Played], target: Target, *, version: str, started: datetime, took: float
) -> Run:
    """Put the judgements together as one run."""
    results = tuple(one.judgement for one in played.values())
    checked = {clause for judgement in results for clause in judgement.clauses}
    binding = {id_: None for id_, clause in CATALOGUE.items() if clause.binds in _BOUND}
    return Run(
        tool="recspec",
        version=version,
        target=target.name,
        world="live",
        seed=0,
        speed=1,
        started=started.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        duration_s=took,
        results=results,
        coverage=Coverage(
            transitions=TransitionCoverage(covered=0, total=0, missing=()),
            clauses=ClauseCoverage(
                covered=len(checked & binding.keys()),
                total=len(binding),
                missing=tuple(clause for clause in binding if clause not in checked),
            ),
        ),
    )
