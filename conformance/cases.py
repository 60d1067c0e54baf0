"""Cases: what a recorder is put through by itself, and how what came of it is judged.

A case is played by a probe (`scenarios.recorder`), which is the server's side of the protocol down
to single bytes and frames; the history of the probe is judged here. What every exchange must keep
is in `conformance.checkers.exchanges` and is judged in every case; what only one case shows is
judged by that case's own function, in the modules of `conformance.recorder_cases`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from importlib import import_module

import msgspec

from conformance.checking import RIG, Findings
from conformance.clauses import CATALOGUE
from conformance.exchanges import Seen
from conformance.history import History, Problem
from conformance.judgement import Judgement, Status, worst
from conformance.wire import SECOND

PREFIX = "recorder/"
"""Every case's ID begins with it, so that no scenario of the library is mistaken for one."""
STORE_LATE = SECOND
"""Nanoseconds from which on a recorder may well have given up our own store."""


class Level(StrEnum):
    """How far a recorder goes; a target conforms level by level."""

    CORE_V1 = "core-v1"
    CORE_V2 = "core-v2"
    STORAGE = "storage"
    EVENTS = "events"
    HARDENED = "hardened"


class Phase(StrEnum):
    """When a case is played: phases follow each other, so that none spoils the one before."""

    WIRE = "wire"
    HOSTILE = "hostile"
    STORAGE = "storage"


class Need(StrEnum):
    """What a target must have for a case to be played."""

    V1 = "v1"
    V2 = "v2"
    NO_V2 = "no-v2"
    EVENTS = "events"
    NO_EVENTS = "no-events"
    UI = "ui"
    STORE = "store"
    """Its storage can be looked into."""
    FILESYSTEM = "filesystem"
    """Its storage is a folder of this machine."""
    S3 = "s3"
    """Its storage is a bucket at an endpoint that we choose."""
    FRESH = "fresh"
    """Another one can be started, by command, with storage of our choice."""
    KILL = "kill"
    """It was started by us: its process may be killed, measured and started again."""


WHY_NOT: dict[Need, str] = {
    Need.V1: "the target does not speak v1",
    Need.V2: "the target does not speak v2",
    Need.NO_V2: "the target speaks v2",
    Need.EVENTS: "the target does not take events",
    Need.NO_EVENTS: "the target takes events",
    Need.UI: "the target has no web UI",
    Need.STORE: "the profile says no storage that could be looked into",
    Need.FILESYSTEM: "the target does not store on this machine's filesystem",
    Need.S3: "the target does not store in S3 at an endpoint of our choice",
    Need.FRESH: "the profile has no command with which another one could be started",
    Need.KILL: "the target was not started by us, so its process is left alone",
}
"""Why a case is skipped, by what the target lacks."""

Judge = Callable[[Seen, Findings], None]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a recorder is put through."""

    id: str
    title: str
    level: Level
    phase: Phase
    needs: tuple[Need, ...]
    clauses: tuple[str, ...]
    """What it was written for."""
    shows: tuple[str, ...]
    """Those of them that the upload ``main`` shows by going well, and breaks by not doing so."""
    seconds: float
    """How long it may take on a recorder that is right, the protocol's own waiting included."""
    judge: Judge


_CASES: dict[str, Case] = {}


def case(
    name: str,
    title: str,
    *,
    level: Level,
    clauses: tuple[str, ...],
    shows: tuple[str, ...] = (),
    phase: Phase = Phase.WIRE,
    needs: tuple[Need, ...] = (),
    seconds: float = 10.0,
) -> Callable[[Judge], Judge]:
    """Register a case and the function that judges what only it shows."""

    def register(judge: Judge) -> Judge:
        id_ = PREFIX + name
        assert id_ not in _CASES, id_
        assert clauses, id_
        assert set(clauses) <= CATALOGUE.keys(), id_
        assert set(shows) <= set(clauses), id_
        _CASES[id_] = Case(
            id=id_,
            title=title,
            level=level,
            phase=phase,
            needs=needs,
            clauses=clauses,
            shows=shows,
            seconds=seconds,
            judge=judge,
        )
        return judge

    return register


def nothing_more(seen: Seen, out: Findings) -> None:
    """Judge nothing beyond what every exchange must keep."""


_MODULES = (
    "heads",
    "frames",
    "acks",
    "streaming",
    "losses",
    "refusals",
    "events",
    "hostile_http1",
    "hostile_http2",
    "hostile_names",
    "storing",
    "disks",
    "objects",
    "restarts",
)


def cases() -> dict[str, Case]:
    """Return all cases by ID, in the order of the modules."""
    for module in _MODULES:
        import_module(f"conformance.recorder_cases.{module}")
    return dict(_CASES)


def lacking(case: Case, has: frozenset[str]) -> Iterator[str]:
    """Yield why a case cannot be played against a target that has `has`; nothing: it can."""
    yield from (WHY_NOT[need] for need in case.needs if need not in has)


def judge_case(case: Case, history: History) -> Judgement:
    """Judge the history of a case that was played: what all must keep, and what it alone shows."""
    from conformance.checkers.exchanges import judge_exchanges  # noqa: PLC0415 - it needs Case

    out = Findings()
    seen = Seen(history)
    try:
        judge_exchanges(case, seen, out)
        case.judge(seen, out)
    except Exception as error:  # noqa: BLE001 - a checker that raises knows nothing
        for clause in case.clauses:
            out.unknown(clause, f"the checker broke: {type(error).__name__}: {error}")
    broken = [f for f in out.findings if f.status in (Status.FAIL, Status.WARN)]
    if broken and seen.spoiled:
        late = f"our own loop was {seen.spoiled / 1e9:.1f} s late when a wait ended in vain"
        out.void(RIG, f"{late}: nobody can be blamed")
    if broken and seen.store_late >= STORE_LATE:
        late = f"our own S3 service took {seen.store_late / 1e9:.1f} s over a request"
        out.void(RIG, f"{late}: a recorder may have given it up, and nobody can be blamed")
    problems = [e.what.what for e in history if isinstance(e.what, Problem)]
    if problems:
        out = Findings()
        for problem in problems:
            out.unknown(RIG, problem)
    statuses: list[Status] = [f.status for f in out.findings if f.status is not Status.SKIP]
    if not statuses and not out.checked:
        if not out.findings:
            out.unknown(RIG, "nothing could be checked")
        statuses = list(dict.fromkeys(finding.status for finding in out.findings))
    times = [event.at for event in history]
    return Judgement(
        scenario=case.id,
        title=case.title,
        status=worst(statuses or [Status.PASS]),
        duration_s=(max(times) - min(times)) / 1e9 if times else 0.0,
        clauses=tuple(clause for clause in CATALOGUE if clause in out.checked),
        findings=tuple(out.findings),
        transitions=(),
    )


def skipped(case: Case, reasons: tuple[str, ...]) -> Judgement:
    """Judge a case that was not played because the target lacks something."""
    out = Findings()
    for clause in case.clauses:
        out.unseen(clause, "; ".join(reasons))
    return Judgement(
        scenario=case.id,
        title=case.title,
        status=Status.SKIP,
        duration_s=0.0,
        clauses=(),
        findings=tuple(out.findings),
        transitions=(),
    )
