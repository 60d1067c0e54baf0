from __future__ import annotations

from xml.etree import ElementTree as ET

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from conformance.judgement import Finding, Judgement, Run, Status
from conformance.machine import covered
from reports.junit import junit_xml

ANY = st.text(st.characters(exclude_categories=[]), max_size=30)


def with_results(run: Run, *results: Judgement) -> Run:
    return msgspec.structs.replace(run, results=results)


def hostile(text: str, status: Status) -> Judgement:
    return Judgement(
        scenario=text,
        title=text,
        status=status,
        duration_s=0.5,
        clauses=(text,),
        findings=(Finding(clause=text, status=status, message=text, evidence=(text,)),),
        transitions=covered(())[1],
        artifacts=(text,),
    )


def test_one_case_per_scenario_with_its_outcome(run: Run) -> None:
    root = ET.fromstring(junit_xml(run))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert [*cases] == [result.scenario for result in run.results]
    outcome = {"fail": ["failure"], "error": ["error"], "skip": ["skipped"]}
    for result in run.results:
        tags = [child.tag for child in cases[result.scenario]]
        inner = [tag for tag in tags if tag not in {"properties", "system-out"}]
        assert inner == outcome.get(result.status, [])
        assert ("properties" in tags) == (result.status == "warn")
    for element in (root, root[0]):
        counted = {name: element.get(name) for name in ("tests", "failures", "errors", "skipped")}
        assert counted == {"tests": "8", "failures": "1", "errors": "1", "skipped": "1"}


def test_a_failure_says_what_and_shows_the_evidence(run: Run) -> None:
    root = ET.fromstring(junit_xml(run))
    (failure,) = root.iter("failure")
    assert failure.get("type") == "failure-6"
    assert "never reached the user" in (failure.get("message") or "")
    assert "user #10 exit-seen: status 0" in (failure.text or "")
    assert "notice-1" in (failure.text or "")
    assert "\\x1b]0;owned" in (failure.text or "")


def test_a_warning_is_told_twice_and_fails_nothing(run: Run) -> None:
    root = ET.fromstring(junit_xml(run))
    (case,) = (case for case in root.iter("testcase") if case.get("name", "").startswith("idle/"))
    (warning,) = case.iter("property")
    assert "acks-2: 8.2 s" in (warning.get("value") or "")
    assert "8.2 s passed" in (case.findtext("system-out") or "")


def test_an_error_without_a_finding_still_says_so(run: Run) -> None:
    empty = msgspec.structs.replace(hostile("x", Status.ERROR), findings=())
    (error,) = ET.fromstring(junit_xml(with_results(run, empty))).iter("error")
    assert error.get("message") == "error, without a finding"


@given(text=ANY, status=st.sampled_from(Status))
def test_any_text_gives_xml_that_parses(run: Run, text: str, status: Status) -> None:
    changed = msgspec.structs.replace(
        with_results(run, hostile(text, status)), target=text, started=text, tool=text
    )
    root = ET.fromstring(junit_xml(changed))
    assert len(list(root.iter("testcase"))) == 1
    assert {element.tag for element in root.iter()} <= {
        *("testsuites", "testsuite", "properties", "property", "testcase", "failure", "error"),
        *("skipped", "system-out"),
    }
