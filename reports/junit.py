"""JUnit XML: a run in the format that every CI server reads.

The format has no standard; this keeps to what the common readers share: counts on the suite, at
most one ``failure``, ``error`` or ``skipped`` in a case, ``properties`` before it and
``system-out`` after it. A warning passes there, so it is told in a property and in the output.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from conformance.judgement import Finding, Judgement, Run, Status
from reports.visible import one_line, visible

_OUTCOME = {Status.FAIL: "failure", Status.ERROR: "error", Status.SKIP: "skipped"}
_EVIDENCE_LIMIT = 4000
"""Characters of one piece of evidence; the whole is in the history."""


def junit_xml(run: Run) -> bytes:
    """Return the run as JUnit XML in UTF-8: one test case per scenario, seconds as times."""
    summary = run.summary
    counts = {
        "tests": str(len(run.results)),
        "failures": str(summary.fail),
        "errors": str(summary.error),
        "skipped": str(summary.skip),
        "time": f"{run.duration_s:.3f}",
    }
    name = _attribute(f"{run.tool} {run.world} {run.target}")
    root = ET.Element("testsuites", {"name": _attribute(run.tool), **counts})
    suite = ET.SubElement(
        root, "testsuite", {"name": name, "timestamp": _attribute(run.started), **counts}
    )
    _properties(
        suite,
        {
            "version": run.version,
            "target": run.target,
            "world": run.world,
            "seed": str(run.seed),
            "speed": str(run.speed),
            "transitions": _share(run.coverage.transitions.covered, run.coverage.transitions.total),
            "clauses": _share(run.coverage.clauses.covered, run.coverage.clauses.total),
        }.items(),
    )
    for result in run.results:
        _case(suite, run, result)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, run: Run, result: Judgement) -> None:
    folder = result.scenario.rpartition("/")[0].replace("/", ".")
    case = ET.SubElement(
        suite,
        "testcase",
        name=_attribute(result.scenario),
        classname=_attribute(".".join(filter(None, (run.tool, folder)))),
        time=f"{result.duration_s:.3f}",
    )
    warnings = [finding for finding in result.findings if finding.status is Status.WARN]
    if warnings:
        _properties(case, (("warning", _headline(finding)) for finding in warnings))
    outcome = _OUTCOME.get(result.status)
    main = [finding for finding in result.findings if finding.status is result.status]
    if outcome:
        message = _headline(main[0]) if main else f"{result.status}, without a finding"
        element = ET.SubElement(case, outcome, message=_attribute(message))
        if outcome != "skipped":
            element.set("type", _attribute(main[0].clause if main else result.status))
        element.text = visible("\n\n".join(map(_told, main))) or None
    ET.SubElement(case, "system-out").text = visible(_output(result, main if outcome else []))


def _output(result: Judgement, told: list[Finding]) -> str:
    """Say what the outcome does not say already: the title, other findings, and where to look."""
    parts = [result.title]
    parts += [_told(finding) for finding in result.findings if finding not in told]
    path = ", ".join(f"{before} -> {after}" for before, after in result.transitions)
    if path:
        parts.append(f"transitions: {path}")
    parts += [f"artifact: {artifact}" for artifact in result.artifacts]
    return "\n".join(parts)


def _headline(finding: Finding) -> str:
    return f"{finding.clause}: {finding.message}"


def _told(finding: Finding) -> str:
    where = f" (session {finding.session})" if finding.session else ""
    lines = [f"{finding.status} {finding.clause}{where}: {finding.message}"]
    lines += [f"    {one_line(evidence, _EVIDENCE_LIMIT)}" for evidence in finding.evidence]
    return "\n".join(lines)


def _properties(parent: ET.Element, pairs: Iterable[tuple[str, str]]) -> None:
    element = ET.SubElement(parent, "properties")
    for name, value in pairs:
        ET.SubElement(element, "property", name=name, value=_attribute(value))


def _attribute(text: str) -> str:
    return one_line(text)


def _share(covered: int, total: int) -> str:
    return f"{covered}/{total}"
