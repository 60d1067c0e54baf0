"""The specification page is what the catalogue says, and is never stale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.clauses import AREAS, CATALOGUE
from conformance.machine import TRANSITIONS, State
from reports.spec_page import REGENERATE, main, mermaid, spec_page

PAGE = Path(__file__).parents[2] / "docs" / "spec.md"


def test_the_page_in_docs_is_fresh() -> None:
    fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == spec_page()
    assert fresh, f"docs/spec.md is stale; make it anew: {REGENERATE}"


def test_every_clause_has_a_heading_and_all_that_is_known_of_it() -> None:
    sections = dict(re.findall(r"^### (\S+)\n\n(.*?)(?=^##|\Z)", spec_page(), re.S | re.M))
    assert list(sections) == list(CATALOGUE)
    for clause in CATALOGUE.values():
        section = sections[clause.id]
        for said in (clause.text, clause.reason, clause.source, clause.level, clause.binds):
            assert said in section
        assert ("decision only" in section) == clause.decision_only


def test_areas_are_sections_and_no_heading_comes_twice() -> None:
    headings = re.findall(r"^#+ (.*)$", spec_page(), re.M)
    assert set(AREAS.values()) <= set(headings)
    anchors = [heading.lower().replace(" ", "-") for heading in headings]
    assert len(set(anchors)) == len(anchors)


def test_links_within_the_page_lead_somewhere() -> None:
    page = spec_page()
    anchors = {h.lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", page, re.M)}
    assert set(re.findall(r"\]\(#([^)]*)\)", page)) <= anchors


def test_text_holds_nothing_that_markdown_would_take_for_its_own() -> None:
    for clause in CATALOGUE.values():
        for said in (clause.text, clause.reason, clause.source):
            outside = re.sub(r"`[^`]*`", "", said)
            assert not re.search(r"[*<>|\\\[\]]|\b_|_\b", outside), (clause.id, outside)


def test_the_picture_has_every_arrow_once() -> None:
    drawn = re.findall(r"^    (\S+) --> (\S+): (.+)$", mermaid(), re.M)
    marks = {State.START, State.END}
    table = [
        ("[*]" if a in marks else a.value, "[*]" if b in marks else b.value, on)
        for (a, b), on in TRANSITIONS.items()
    ]
    assert drawn == table
    assert mermaid() in spec_page()


def test_it_is_written_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "spec.md")]) == 0
    assert (tmp_path / "spec.md").read_text(encoding="utf-8") == spec_page()
    assert main([]) == 2
    assert capsys.readouterr().err == f"usage: {REGENERATE}\n"
