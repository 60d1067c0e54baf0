"""The catalogue is well-formed, says where everything comes from, and leaves nothing out."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from conformance.asciicast import CLAUSES as RULES
from conformance.checking import RIG, checkers
from conformance.clauses import AREAS, CATALOGUE, Binds, Clause, Level, of_area

CLAUSES = list(CATALOGUE.values())

SECTIONS = (
    "Overview",
    "Data Flow Sequence",
    "Recording Format Structure",
    "ACL Configuration Flow",
    "Storage Backend Options",
    "Failure Handling States",
    "Customer-Facing Overview",
    "How Session Recording Works",
    "Setting Up Recording",
    "Privacy & Security Guarantees",
    "Common Use Cases",
    "Key Features",
)
"""The headings of the seed document."""

RFCS = ("4254", "8259", "9110", "9112", "9113")

_NOTE = r"(?: \([^()]+\))?"
_FILE = r"[\w.-]+(?:/[\w.-]+)+\.go"
SOURCE = re.compile(
    rf"S: (?:{'|'.join(map(re.escape, SECTIONS))})"
    rf"|U: (?:{_FILE}(?:, {_FILE})*|policy file reference){_NOTE}"
    r"|A: asciicast v[123](?:, \w[^;]*)?"
    rf"|R: RFC (?:{'|'.join(RFCS)}) §\d+(?:\.\d+)*(?: to §\d+)?"
    r"|D(?:[1-9]|1[0-6])"
)
POINTER = re.compile(r"protocol §[1-9]")


def test_ids_are_an_area_and_a_number() -> None:
    shape = re.compile(r"[a-z][a-z0-9]*-[1-9][0-9]*")
    assert not [c.id for c in CLAUSES if not shape.fullmatch(c.id) or c.area not in AREAS]
    assert [c.id for c in CLAUSES] == list(CATALOGUE)


def test_what_and_why_are_a_sentence_each() -> None:
    for clause in CLAUSES:
        for sentence in (clause.text, clause.reason):
            assert re.fullmatch(r"(?:[A-Z`]|asciicast|v1).*\.", sentence), (clause.id, sentence)
            assert not re.search(r"[.?!] [A-Z]|  ", sentence), (clause.id, sentence)
            assert sentence.count("`") % 2 == 0, (clause.id, sentence)


def test_sources_are_named_properly() -> None:
    for clause in CLAUSES:
        named = [part for part in clause.sources if not POINTER.fullmatch(part)]
        assert named, f"{clause.id}: a pointer into the protocol facts is no source"
        assert not [part for part in named if not SOURCE.fullmatch(part)], clause.id
        assert len(set(clause.sources)) == len(clause.sources), clause.id


def test_what_only_we_have_decided_is_no_must() -> None:
    ours = [clause for clause in CLAUSES if clause.decision_only]
    assert ours
    assert not [clause.id for clause in ours if clause.level is Level.MUST]


def test_versions_are_versions() -> None:
    assert not [c.id for c in CLAUSES if not re.fullmatch(r"\d+\.\d+\.\d+", c.since)]


@pytest.mark.parametrize(
    ("source", "only"),
    [
        ("D7", True),
        ("D2; protocol §3", True),
        ("D3; D12", True),
        ("D2; U: sessionrecording/connect.go", False),
        ("S: Key Features; protocol §1", False),
    ],
)
def test_decision_only_is_read_from_the_source(source: str, only: bool) -> None:
    clause = Clause("x-1", Level.SHOULD, Binds.RECORDER, "X.", "Y.", source)
    assert clause.decision_only is only


def test_sentences_differ() -> None:
    twice = [text for text, n in Counter(c.text for c in CLAUSES).items() if n > 1]
    assert not twice


def test_areas_are_all_there_in_their_order() -> None:
    assert list(dict.fromkeys(clause.area for clause in CLAUSES)) == list(AREAS)
    for area in AREAS:
        numbers = [clause.number for clause in of_area(area)]
        assert numbers == sorted(numbers)


def test_numbers_have_no_holes() -> None:
    """No clause was withdrawn yet; one that is leaves its number here, unused for ever."""
    withdrawn: dict[str, set[int]] = {}
    for area in AREAS:
        numbers = {clause.number for clause in of_area(area)} | withdrawn.get(area, set())
        assert numbers == set(range(1, len(numbers) + 1)), area


def test_there_are_enough_of_them() -> None:
    assert len(CLAUSES) >= 150


def test_every_party_is_bound() -> None:
    assert {clause.binds for clause in CLAUSES} == set(Binds)


def test_every_decision_is_behind_some_clause() -> None:
    assert {number for clause in CLAUSES for number in clause.decisions} == set(range(1, 17))


def test_every_section_of_the_protocol_facts_is_pointed_to() -> None:
    pointers = {part for clause in CLAUSES for part in clause.sources if POINTER.fullmatch(part)}
    assert pointers == {f"protocol §{number}" for number in range(1, 10)}


def test_the_rules_of_a_recording_are_clauses() -> None:
    for rule in RULES.values():
        clause = CATALOGUE[rule.id]
        assert (clause.text, clause.level.value) == (rule.text, rule.level.value)
        assert clause.binds is Binds.RECORDING


def test_checkers_name_clauses_that_exist() -> None:
    named = {clause for _, clauses in checkers() for clause in clauses}
    assert named - {RIG} <= CATALOGUE.keys()
