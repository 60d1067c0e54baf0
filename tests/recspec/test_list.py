"""``recspec list``: filters that check what they are given, and arrays for machines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from conformance.clauses import AREAS, CATALOGUE, Binds, Level
from fixtures.faults import vocabulary
from recspec.cli import application
from scenarios.matrix import matrix
from scenarios.reader import library
from simulator.overlay import mutants


def listed(*words: str) -> Result:
    return CliRunner().invoke(application(), ["list", *words])


def rows(*words: str) -> list[dict[str, Any]]:
    result = listed(*words, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert isinstance(found, list)
    return found


def test_all_clauses_with_all_that_is_known_of_them() -> None:
    found = rows("clauses")
    assert [row["id"] for row in found] == list(CATALOGUE)
    for row in found:
        clause = CATALOGUE[row["id"]]
        assert row == {
            "id": clause.id,
            "area": clause.area,
            "level": clause.level.value,
            "binds": clause.binds.value,
            "text": clause.text,
            "reason": clause.reason,
            "source": clause.source,
            "since": clause.since,
            "decision_only": clause.decision_only,
        }


@pytest.mark.parametrize("area", AREAS)
def test_one_area(area: str) -> None:
    found = rows("clauses", "--area", area)
    assert [row["id"] for row in found] == [id_ for id_ in CATALOGUE if CATALOGUE[id_].area == area]


@pytest.mark.parametrize("level", Level)
def test_one_level_in_any_case(level: Level) -> None:
    for said in (level.value, level.value.lower()):
        assert {row["level"] for row in rows("clauses", "--level", said)} == {level.value}


@pytest.mark.parametrize("party", Binds)
def test_one_party_in_any_case(party: Binds) -> None:
    for said in (party.value, party.value.upper()):
        assert {row["binds"] for row in rows("clauses", "--binds", said)} == {party.value}


def test_filters_add_up() -> None:
    found = rows("clauses", "--area", "acks", "--level", "must", "--binds", "recorder client")
    assert [row["id"] for row in found] == [
        clause.id
        for clause in CATALOGUE.values()
        if (clause.area, clause.level, clause.binds) == ("acks", Level.MUST, Binds.CLIENT)
    ]
    assert found


def test_filters_that_nothing_passes_leave_an_empty_array() -> None:
    assert rows("clauses", "--area", "ui", "--binds", "storage") == []


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("--area", "ack", AREAS),
        ("--area", "", AREAS),
        ("--level", "WILL", Level),
        ("--binds", "server", Binds),
        ("--binds", "\x1b[31m", Binds),
    ],
)
def test_unknown_values_are_one_line_with_the_known_ones(
    option: str, value: str, known: Any
) -> None:
    for rest in ([], ["--json"]):
        result = listed("clauses", option, value, *rest)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert option in result.stderr
        assert all(str(one) in result.stderr for one in known)
        assert "\x1b" not in result.stderr


def test_the_table_shows_text_as_it_is() -> None:
    shown = listed("clauses", "--area", "events").stdout
    assert "events-1 " in shown
    assert "`i`" in shown


def test_scenarios() -> None:
    found = rows("scenarios")
    known = library(frozenset(vocabulary()))
    assert found == [{"id": name, "title": s.title} for name, s in known.items()]
    assert next(iter(known)) in listed("scenarios").stdout


def test_scenarios_of_the_matrix() -> None:
    found = rows("scenarios", "--matrix")
    assert [row["id"] for row in found] == list(matrix())
    assert all(row["title"] for row in found)


def test_mutants() -> None:
    found = rows("mutants")
    assert [row["name"] for row in found] == list(mutants())
    assert all(set(row["breaks"]) <= CATALOGUE.keys() for row in found)
    assert found[0]["name"] in listed("mutants").stdout


def test_faults() -> None:
    assert [row["name"] for row in rows("faults")] == list(vocabulary())
    assert "killed" in listed("faults").stdout


def test_output_that_cannot_be_written_is_no_verdict() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "recspec", "list", "clauses"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 3
    assert done.stderr == ("recspec: the output cannot be written: No space left on device\n")
