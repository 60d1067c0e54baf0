"""What of a judgement counts when one part of a run is a target under test and all others are ours.

What binds our own parts is no merit of the target's, and no fault of it either: when one of them
breaks a clause although the target kept all of its own, nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from conformance.checking import RIG
from conformance.clauses import CATALOGUE
from conformance.judgement import Finding, Judgement, Status, worst
from conformance.scenario import Scenario

BAD = (Status.FAIL, Status.WARN, Status.ERROR)


def rig_failed(whole: Judgement) -> bool:
    """Tell whether the rig itself failed, so that nothing else of it counts."""
    return any(finding.clause == RIG and not finding.void for finding in whole.findings)


def skipped(scenario: Scenario, why: str) -> Judgement:
    """Return the judgement of a scenario that was not played, with the reason."""
    return Judgement(
        scenario=scenario.id,
        title=scenario.title,
        status=Status.SKIP,
        duration_s=0.0,
        clauses=(),
        findings=(Finding(clause=RIG, status=Status.SKIP, message=why),),
        transitions=(),
    )


def of_target(
    whole: Judgement,
    *,
    binds: Callable[[str], bool],
    lacking: Callable[[str], str],
    target: str,
    passed_over: Collection[str] = (),
) -> Judgement:
    """Return what a judgement says of the target alone.

    `binds` tells which clauses are the target's to
    keep, `lacking` why one of them cannot be seen of it, or nothing; `target` is what it is called
    in messages. What is found of the clauses `passed_over` is neither's fault.
    """
    checked = set(whole.clauses)
    kept, ours = [], []
    for finding in whole.findings:
        if finding.clause in passed_over:
            continue
        if finding.clause == RIG:
            kept.append(finding)
        elif not binds(finding.clause):
            ours.append(finding)
        elif not lacking(finding.clause):
            kept.append(finding)
    unseen = [
        Finding(clause=clause, status=Status.SKIP, message=why)
        for clause in CATALOGUE
        if clause in checked and binds(clause) and (why := lacking(clause))
    ]
    if not any(finding.status in BAD for finding in kept):
        kept += [_our_own(finding, target) for finding in ours if finding.status in BAD]
    clauses = tuple(
        clause
        for clause in CATALOGUE
        if clause in checked and binds(clause) and not lacking(clause)
    )
    statuses = [finding.status for finding in kept if finding.status is not Status.SKIP]
    return msgspec.structs.replace(
        whole,
        status=worst(statuses or [Status.PASS if clauses else Status.SKIP]),
        clauses=clauses,
        findings=(*kept, *unseen),
    )


def _our_own(finding: Finding, target: str) -> Finding:
    """Blame ourselves: the target kept all that binds it, and yet this broke."""
    return msgspec.structs.replace(
        finding,
        clause=RIG,
        status=Status.ERROR,
        message=f"{finding.clause}, which does not bind {target}, is broken: {finding.message}",
    )
