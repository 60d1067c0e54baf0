"""``recspec explain``: one thing of the house, and all that hangs on it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from conformance.asciicast import CLAUSES as RECORDINGS
from conformance.checking import RIG, checkers
from conformance.clauses import CATALOGUE
from conformance.machine import TRANSITIONS, State
from conformance.scenario import FaultPlan, Match
from fixtures.faults import vocabulary
from recspec.cli import application
from recspec.explain import House
from scenarios import exercised
from simulator.overlay import mutants

HOUSE = House()


def explained(*words: str) -> Result:
    return CliRunner().invoke(application(), ["explain", *words])


def plain(name: str) -> dict[str, Any]:
    """What the command prints with --json; the house is built once for all tests."""
    found = HOUSE.explained(name)
    assert found is not None
    said = json.loads(found.as_json())
    assert isinstance(said, dict)
    return said


def test_a_clause_with_its_checks_mutants_and_scenarios() -> None:
    found = plain("acks-1")
    clause = CATALOGUE["acks-1"]
    assert found["kind"] == "clause"
    assert found["text"] == clause.text
    assert found["reason"] == clause.reason
    assert found["source"] == clause.source
    assert (found["level"], found["binds"]) == ("MUST", "recorder")
    assert found["decision_only"] is False
    assert [check["name"] for check in found["checks"]] == ["conformance.checkers.wire.cadence"]
    assert {mutant["name"] for mutant in found["mutants"]} == {
        name for name, mutant in mutants().items() if "acks-1" in mutant.breaks
    }
    assert "basic/idle" in [scenario["id"] for scenario in found["scenarios"]]


def test_the_command_prints_json_and_nothing_else() -> None:
    result = explained("acks-1", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == plain("acks-1")
    assert result.stderr == ""


def test_a_clause_as_people_read_it() -> None:
    shown = explained("acks-1").stdout
    assert shown.startswith("acks-1 (clause)\n  ")
    for said in ("Reason: ", "Source: U: ", "Level: MUST", "Binds: recorder", "Decision only: no"):
        assert f"\n  {said}" in shown
    assert "\nChecks: 1\n" in shown
    assert "recorder-stops-acks-when-idle" in shown
    assert "\n  basic/idle  " in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_a_clause_that_nothing_checks_yet_says_so() -> None:
    unchecked = next(
        id_ for id_ in CATALOGUE if all(id_ not in clauses for _, clauses in checkers())
    )
    found = plain(unchecked)
    assert found["checks"] == found["scenarios"] == []
    assert "\nChecks: none\n" in explained(unchecked).stdout


def test_a_clause_of_a_recording_is_checked_by_the_validator_too() -> None:
    checks = [check["name"] for check in plain("file-3")["checks"]]
    assert checks == ["conformance.checkers.validity.valid", "recspec check cast"]


def test_every_checker_is_found_from_its_clauses() -> None:
    for checker, clauses in checkers():
        for clause in set(clauses) - {RIG}:
            named = [check["name"] for check in HOUSE.clause(CATALOGUE[clause]).ties["checks"]]
            assert f"{checker.__module__}.{getattr(checker, '__name__', '')}" in named


def test_scenarios() -> None:
    for name, scenario in HOUSE.scenarios.items():
        found = plain(name)
        assert (found["kind"], found["name"]) == ("scenario", name)
        assert [row["session"] for row in found["paths"]] == [
            expected.session for expected in scenario.expect
        ]


def test_a_scenario_tells_what_is_played_and_what_it_exercises() -> None:
    found = plain("loss/killed-v1")
    assert [(fault["name"], fault["node"]) for fault in found["faults"]] == [("killed", "rec1")]
    assert found["recorders"] == [{"name": "rec1", "speaks": "v1", "does": "stores in filesystem"}]
    assert found["paths"][0]["states"].endswith("Streaming → ConnectionLost → SessionTerminated")
    assert {"failure-2", "machine-1"} <= {clause["id"] for clause in found["clauses"]}
    # It is probed for v2, and that is all of v2 that there is.
    assert {c["id"] for c in found["clauses"] if c["id"].startswith("v2-")} == {"v2-9"}


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("start", "from the start"),
        (2.5, "after 2.5 s"),
        (Match(event="shown"), "at shown"),
        (
            Match(event="shown", where={"session": "s1"}, plus=0.25),
            "at shown (session s1), 0.25 s after",
        ),
    ],
)
def test_a_scenario_says_when_a_fault_strikes(at: Any, said: str) -> None:
    scenario = msgspec.structs.replace(
        HOUSE.scenarios["loss/killed-v1"], faults=(FaultPlan(fault="killed", node="rec1", at=at),)
    )
    assert HOUSE.scenario(scenario).ties["faults"] == [
        {"name": "killed", "node": "rec1", "at": said}
    ]


def test_the_form_of_a_recording_is_one_line_for_people_and_whole_for_machines() -> None:
    rows = [clause["id"] for clause in plain("basic/idle")["clauses"]]
    assert set(RECORDINGS) <= set(rows)
    shown = explained("basic/idle").stdout
    assert f"{exercised.fold(RECORDINGS)}  the form of a recording" in " ".join(shown.split("\n"))
    assert "\n  header-3 " not in shown


@pytest.mark.parametrize("name", mutants())
def test_mutants(name: str) -> None:
    found = plain(name)
    mutant = mutants()[name]
    assert (found["kind"], found["part"]) == ("mutant", mutant.part)
    assert [clause["id"] for clause in found["breaks"]] == list(mutant.breaks)
    assert all(clause["text"] for clause in found["breaks"]), "a clause that does not exist"
    assert [scenario["id"] for scenario in found["scenarios"]] == list(mutant.shown_by)
    assert all(scenario["title"] for scenario in found["scenarios"]), "no such scenario"


@pytest.mark.parametrize("name", vocabulary())
def test_faults(name: str) -> None:
    found = plain(name)
    assert found["kind"] == "fault"
    assert {scenario["id"] for scenario in found["scenarios"]} == {
        id_
        for id_, scenario in HOUSE.scenarios.items()
        if name in [plan.fault for plan in scenario.faults]
    }


def test_a_scenario_of_the_matrix_is_explained_too() -> None:
    said = explained("matrix/v2/reset/open/both/1-of-1", "--json")
    assert said.exit_code == 0
    assert json.loads(said.stdout)["name"] == "matrix/v2/reset/open/both/1-of-1"
    assert explained("matrix/v2/reset/never").exit_code == 2


@pytest.mark.parametrize("state", State)
def test_states(state: State) -> None:
    found = plain(state.value)
    assert found["kind"] == "state"
    into = {row["from"]: row["on"] for row in found["arrows_in"]}
    out = {row["to"]: row["on"] for row in found["arrows_out"]}
    assert into == {a.value: on for (a, b), on in TRANSITIONS.items() if b is state}
    assert out == {b.value: on for (a, b), on in TRANSITIONS.items() if a is state}
    assert found["scenarios"]


@pytest.mark.parametrize("name", ["ACKS-1", " acks-1 ", "connectionlost", "Loss/Killed-V1"])
def test_names_are_found_in_any_case(name: str) -> None:
    assert HOUSE.explained(name) is not None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("acks-99", "acks-9"),
        ("ack-1", "acks-1"),
        ("ConectionLost", "ConnectionLost"),
        ("killed-v1", "loss/killed-v1"),
        ("recorder-drops-lastline", "recorder-drops-last-line"),
        ("xyzzy", "recspec list"),
        ("", "recspec list"),
        ("\x1b[2Jacks", ""),
    ],
)
def test_unknown_names_are_one_line_with_near_misses(name: str, hint: str) -> None:
    result = explained(name)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("recspec explain: nothing is named '")
    assert result.stderr.count("\n") == 1
    assert hint in result.stderr
    assert "\x1b" not in result.stderr


def test_an_index_that_is_out_of_date_does_not_go_unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    index = exercised.read()
    scenarios = dict(index.scenarios)
    gone, _ = scenarios.popitem()
    monkeypatch.setattr(exercised, "read", lambda: exercised.Index(index.checked, scenarios))
    result = explained("acks-1", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["name"] == "acks-1"
    assert "out of date" in result.stderr
    assert exercised.REGENERATE in result.stderr
    assert explained(gone).exit_code == 0
