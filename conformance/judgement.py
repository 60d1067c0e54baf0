"""Verdicts: findings, the order of statuses, and how they combine.

Within one scenario ``error`` outranks ``fail``, ``fail`` outranks ``warn``, ``warn`` outranks
``pass``. Over a whole run a fail is a fail whatever else broke. A missing observation is never a
success: a scenario in which nothing was checked is not ``pass``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum

import msgspec

from conformance.machine import Arrow


class Status(StrEnum):
    """What is known after a check."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    WARN = "warn"
    ERROR = "error"
    SKIP = "skip"


_RANK = {Status.SKIP: 0, Status.PASS: 1, Status.WARN: 2, Status.FAIL: 3, Status.ERROR: 4}


def worst(statuses: Iterable[Status]) -> Status:
    """Combine the statuses of one scenario; of none at all, nothing is known: ``error``."""
    return max(statuses, key=_RANK.__getitem__, default=Status.ERROR)


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a check has to say about one clause.

    `status` is ``fail`` (a MUST is broken), ``warn`` (a SHOULD is), ``error`` (nothing is known)
    or ``skip`` (cannot be seen from here); a clause that held has no finding. `evidence` quotes
    the history, shortened.
    """

    clause: str
    status: Status
    message: str
    evidence: tuple[str, ...] = ()
    session: str = ""
    void: bool = False
    """True when our own lateness spoiled the observation: it has to be taken again."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one scenario."""

    scenario: str
    title: str
    status: Status
    duration_s: float
    clauses: tuple[str, ...]
    """IDs of the clauses that were checked and could be seen, in the catalogue's order."""
    findings: tuple[Finding, ...]
    transitions: tuple[Arrow, ...]
    """Arrows that the sessions of the scenario took, as the history shows them."""
    artifacts: tuple[str, ...] = ()
    """Files that belong to it, relative to the run's folder."""


class Summary(msgspec.Struct, frozen=True, kw_only=True, rename={"passed": "pass"}):
    """How many scenarios ended how."""

    passed: int = 0
    fail: int = 0
    warn: int = 0
    error: int = 0
    skip: int = 0


class TransitionCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the table's arrows were taken."""

    covered: int
    total: int
    missing: tuple[Arrow, ...]


class ClauseCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the catalogue's clauses were checked at least once."""

    covered: int
    total: int
    missing: tuple[str, ...]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a run exercised, measured from its histories."""

    transitions: TransitionCoverage
    clauses: ClauseCoverage


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One whole run: what was played, and what came of it."""

    tool: str
    version: str
    target: str
    world: str
    seed: int
    speed: int
    started: str
    """RFC 3339, UTC."""
    duration_s: float
    results: tuple[Judgement, ...]
    coverage: Coverage

    @property
    def summary(self) -> Summary:
        """Count the results by status."""
        counts = dict.fromkeys(Status, 0)
        for result in self.results:
            counts[result.status] += 1
        return Summary(
            passed=counts[Status.PASS],
            fail=counts[Status.FAIL],
            warn=counts[Status.WARN],
            error=counts[Status.ERROR],
            skip=counts[Status.SKIP],
        )


class ExitStatus(IntEnum):
    """Exit statuses of every command."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    INCONCLUSIVE = 3


def exit_status(run: Run) -> ExitStatus:
    """Return how a command ends: a fail is a fail whatever else broke, and nothing checked is 3."""
    summary = run.summary
    if summary.fail:
        return ExitStatus.NOT_CONFORMANT
    if summary.error or not (summary.passed or summary.warn):
        return ExitStatus.INCONCLUSIVE
    return ExitStatus.CONFORMANT
