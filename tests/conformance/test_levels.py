"""Levels: what single clauses say of how far a recorder conforms."""

from __future__ import annotations

from msgspec.structs import replace

from conformance.cases import Level, cases
from conformance.checking import RIG
from conformance.judgement import Finding, Judgement, Status
from conformance.levels import AREAS, Verdict, verdicts

HAS = frozenset({"v1", "v2", "no-events"})


def judged(*clauses: str, findings: tuple[tuple[str, Status], ...] = ()) -> Judgement:
    return Judgement(
        scenario="recorder/x",
        title="x",
        status=Status.PASS,
        duration_s=0,
        clauses=clauses,
        findings=tuple(Finding(clause=c, status=s, message="m") for c, s in findings),
        transitions=(),
    )


def test_a_level_whose_musts_were_checked_and_hold_is_conformant() -> None:
    found = verdicts([judged("v2-2", "acks-1")], HAS)
    assert found[Level.CORE_V2].verdict is Verdict.CONFORMANT
    assert found[Level.CORE_V2].checked == ("v2-2", "acks-1")


def test_clauses_of_another_area_alone_make_no_level() -> None:
    # An upload over v2 shows streaming-12; of v1 nothing was looked at.
    found = verdicts([judged("v2-2", "streaming-12")], HAS)
    assert found[Level.CORE_V1].verdict is Verdict.NOT_CHECKED
    assert found[Level.STORAGE].verdict is Verdict.NOT_CHECKED


def test_shoulds_alone_make_no_level() -> None:
    assert verdicts([judged("v2-14")], HAS)[Level.CORE_V2].verdict is Verdict.NOT_CHECKED


def test_a_broken_must_outranks_what_is_not_known() -> None:
    findings = (("v2-2", Status.FAIL), ("acks-1", Status.ERROR))
    found = verdicts([judged("v2-2", findings=findings)], HAS)[Level.CORE_V2]
    assert found.verdict is Verdict.NOT_CONFORMANT
    assert found.must_broken == ("v2-2",)
    assert found.unknown == ("acks-1",)


def test_what_is_not_known_is_not_conformant() -> None:
    found = verdicts([judged("v2-2", findings=(("acks-1", Status.ERROR),))], HAS)
    assert found[Level.CORE_V2].verdict is Verdict.NOT_KNOWN


def test_a_case_that_could_not_be_played_leaves_its_clauses_unknown() -> None:
    lost = replace(judged(findings=((RIG, Status.ERROR),)), scenario="recorder/v2/probe")
    found = verdicts([judged("v2-2", "v1-1"), lost], HAS)
    assert found[Level.CORE_V2].verdict is Verdict.NOT_KNOWN
    assert set(found[Level.CORE_V2].unknown) == set(cases()["recorder/v2/probe"].clauses)
    assert found[Level.CORE_V1].verdict is Verdict.CONFORMANT


def test_what_our_own_lateness_may_have_broken_is_not_known() -> None:
    late = judged("v2-2", findings=(("acks-1", Status.FAIL), (RIG, Status.ERROR)))
    found = verdicts([late], HAS)[Level.CORE_V2]
    assert found.verdict is Verdict.NOT_KNOWN
    assert not found.must_broken
    assert "acks-1" in found.unknown


def test_what_our_own_fault_left_undone_in_a_case_of_no_name_is_not_known_at_all() -> None:
    found = verdicts([judged("v2-2", findings=((RIG, Status.ERROR),))], HAS)
    assert found[Level.CORE_V2].verdict is Verdict.NOT_KNOWN


def test_a_broken_should_is_told_and_conforms() -> None:
    found = verdicts([judged("v2-2", findings=(("acks-2", Status.WARN),))], HAS)[Level.CORE_V2]
    assert found.verdict is Verdict.CONFORMANT
    assert found.should_broken == ("acks-2",)


def test_what_a_target_does_not_have_is_not_offered() -> None:
    found = verdicts([judged("event-1")], HAS)
    assert found[Level.EVENTS].verdict is Verdict.NOT_OFFERED


def test_a_finding_about_storage_speaks_of_the_level_storage_wherever_it_was_found() -> None:
    found = verdicts([judged("v2-2", findings=(("storage-1", Status.FAIL),))], HAS)
    assert found[Level.CORE_V2].verdict is Verdict.CONFORMANT
    assert found[Level.STORAGE].verdict is Verdict.NOT_CONFORMANT


def test_every_level_has_areas() -> None:
    assert AREAS.keys() == set(Level)
