"""Levels: how far a recorder conforms, told from what was found out about single clauses.

A level is held against the clauses of its areas, wherever they were judged: a case about the wire
that finds a byte missing in storage speaks of the level ``storage``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from conformance.cases import Level, cases
from conformance.checking import RIG
from conformance.clauses import CATALOGUE
from conformance.clauses import Level as Binding
from conformance.judgement import Judgement, Status

AREAS: dict[Level, tuple[str, ...]] = {
    Level.CORE_V1: ("v1", "streaming"),
    Level.CORE_V2: ("v2", "acks", "streaming"),
    Level.STORAGE: ("storage", "file", "privacy"),
    Level.EVENTS: ("event",),
    Level.HARDENED: ("hostile", "ui"),
}
"""Which areas of the catalogue a level is held against, its own one first."""


class Verdict(StrEnum):
    """What is said of one level."""

    CONFORMANT = "conformant"
    NOT_CONFORMANT = "not conformant"
    NOT_OFFERED = "not offered"
    NOT_CHECKED = "not checked"
    NOT_KNOWN = "not known"


class LevelVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one level."""

    verdict: Verdict
    checked: tuple[str, ...] = ()
    """Clauses that were looked at, in the catalogue's order."""
    must_broken: tuple[str, ...] = ()
    should_broken: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """Clauses of which nothing is known because something failed that is not the target's."""


def verdicts(judgements: Iterable[Judgement], has: frozenset[str]) -> dict[Level, LevelVerdict]:
    """Say of every level whether the target conforms; `has` is what it has (`cases.Need`)."""
    judgements = tuple(judgements)
    offered = {
        Level.CORE_V1: "v1" in has,
        Level.CORE_V2: "v2" in has,
        Level.EVENTS: "events" in has,
    }
    return {
        level: _verdict(level, judgements)
        if offered.get(level, True)
        else LevelVerdict(verdict=Verdict.NOT_OFFERED)
        for level in Level
    }


def _verdict(level: Level, judgements: tuple[Judgement, ...]) -> LevelVerdict:
    ours = {id_ for id_, clause in CATALOGUE.items() if clause.area in AREAS[level]}
    checked = {clause for judgement in judgements for clause in judgement.clauses} & ours
    found: dict[Status, set[str]] = {status: set() for status in Status}
    for judgement in judgements:
        # Where we failed, what was found may be our own doing, and what was aimed at is not known.
        failed = any(f.clause == RIG and f.status is Status.ERROR for f in judgement.findings)
        if failed:
            found[Status.ERROR] |= _aimed_at(judgement.scenario) & ours
        for finding in judgement.findings:
            if finding.clause in ours:
                found[Status.ERROR if failed else finding.status].add(finding.clause)
    must = found[Status.FAIL]
    unknown = found[Status.ERROR]
    if must:
        verdict = Verdict.NOT_CONFORMANT
    elif unknown:
        verdict = Verdict.NOT_KNOWN
    elif not any(_of_its_own(level, clause) for clause in checked):
        verdict = Verdict.NOT_CHECKED
    else:
        verdict = Verdict.CONFORMANT
    return LevelVerdict(
        verdict=verdict,
        checked=_ordered(checked),
        must_broken=_ordered(must),
        should_broken=_ordered(found[Status.WARN]),
        unknown=_ordered(unknown),
    )


def _aimed_at(scenario: str) -> frozenset[str]:
    """Return the clauses that a case was written for: of these nothing is known when it failed."""
    case = cases().get(scenario)
    return frozenset(case.clauses if case else CATALOGUE)


def _of_its_own(level: Level, clause: str) -> bool:
    """Tell whether a clause is a MUST of the level's first area, without which nobody conforms."""
    found = CATALOGUE[clause]
    return found.level is Binding.MUST and found.area == AREAS[level][0]


def _ordered(clauses: Iterable[str]) -> tuple[str, ...]:
    wanted = set(clauses)
    return tuple(clause for clause in CATALOGUE if clause in wanted)
