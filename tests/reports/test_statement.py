"""The statement of conformance and its badge."""

from __future__ import annotations

from hashlib import sha256
from xml.etree import ElementTree

import msgspec
import pytest

from conformance.cases import Level
from conformance.judgement import ClauseCoverage, Coverage, Run, TransitionCoverage
from conformance.levels import LevelVerdict, Verdict
from reports.statement import BADGE, STATEMENT, badge, statement, statement_files

RUN = Run(
    tool="recspec",
    version="1.2.3",
    target='<b>"theirs" & co</b>',
    world="live",
    seed=0,
    speed=1,
    started="2026-01-02T03:04:05Z",
    duration_s=1.0,
    results=(),
    coverage=Coverage(
        transitions=TransitionCoverage(covered=0, total=0, missing=()),
        clauses=ClauseCoverage(covered=0, total=0, missing=()),
    ),
)


def levels(**said: Verdict) -> dict[Level, LevelVerdict]:
    found = dict.fromkeys(Level, Verdict.NOT_OFFERED)
    found |= {Level(name.replace("_", "-")): verdict for name, verdict in said.items()}
    return {level: LevelVerdict(verdict=verdict) for level, verdict in found.items()}


def test_a_statement_names_target_version_date_levels_and_digest() -> None:
    whole = statement(RUN, levels(core_v2=Verdict.CONFORMANT), b"results", complete=True)
    said = msgspec.json.decode(statement_files(whole)[STATEMENT])
    assert said["target"] == RUN.target
    assert said["version"] == "1.2.3"
    assert said["date"] == "2026-01-02T03:04:05Z"
    assert said["levels"]["core-v2"]["verdict"] == "conformant"
    assert said["levels"]["events"]["verdict"] == "not offered"
    assert said["results_sha256"] == sha256(b"results").hexdigest()


@pytest.mark.parametrize(
    ("said", "complete", "text"),
    [
        ({"core_v2": Verdict.CONFORMANT, "storage": Verdict.CONFORMANT}, True, "core-v2 · storage"),
        ({"core_v2": Verdict.CONFORMANT}, False, "core-v2 (in part)"),
        (
            {"core_v2": Verdict.CONFORMANT, "storage": Verdict.NOT_CONFORMANT},
            True,
            "not conformant",
        ),
        ({"core_v2": Verdict.CONFORMANT, "storage": Verdict.NOT_KNOWN}, True, "inconclusive"),
        ({}, True, "inconclusive"),
    ],
)
def test_a_badge_never_says_more_than_is_known(
    said: dict[str, Verdict], complete: bool, text: str
) -> None:
    drawn = badge(statement(RUN, levels(**said), b"", complete=complete))
    root = ElementTree.fromstring(drawn)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == f"recspec 1.2.3: {text}"


def test_both_files_are_made() -> None:
    assert statement_files(statement(RUN, levels(), b"", complete=True)).keys() == {
        STATEMENT,
        BADGE,
    }
