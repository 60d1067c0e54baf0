from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.judgement import (
    ClauseCoverage,
    Coverage,
    Finding,
    Judgement,
    Run,
    Status,
    TransitionCoverage,
)
from conformance.machine import TRANSITIONS, State
from reports.results import ResultsError, read_results, results_json, results_schema

SCHEMA = json.loads((files("reports") / "results.schema.json").read_bytes())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


def runs(text: st.SearchStrategy[str]) -> st.SearchStrategy[Run]:
    status, arrow = st.sampled_from(Status), st.sampled_from(list(TRANSITIONS))
    number, duration = st.integers(0, 2**53), st.floats(0, 1e6)
    finding = st.builds(
        Finding, clause=text, status=status, message=text, evidence=tuples(text), session=text
    )
    judgement = st.builds(
        Judgement,
        scenario=text,
        title=text,
        status=status,
        duration_s=duration,
        clauses=tuples(text),
        findings=tuples(finding),
        transitions=tuples(st.tuples(st.sampled_from(State), st.sampled_from(State))),
        artifacts=tuples(text),
    )
    coverage = st.builds(
        Coverage,
        transitions=st.builds(
            TransitionCoverage, covered=number, total=number, missing=tuples(arrow)
        ),
        clauses=st.builds(ClauseCoverage, covered=number, total=number, missing=tuples(text)),
    )
    return st.builds(
        Run,
        tool=text,
        version=text,
        target=text,
        world=text,
        seed=number,
        speed=number,
        started=text,
        duration_s=duration,
        results=tuples(judgement),
        coverage=coverage,
    )


def test_the_shipped_schema_is_the_one_that_the_types_make() -> None:
    VALIDATOR.check_schema(SCHEMA)
    assert json.loads(results_schema()) == SCHEMA, (
        "write what reports.results.results_schema() returns to reports/results.schema.json"
    )


def test_the_file_has_the_keys_that_the_design_names(run: Run) -> None:
    file = json.loads(results_json(run))
    assert file["schema"] == "1"
    assert {*file} == {
        *("schema", "tool", "version", "target", "world", "seed", "speed", "started"),
        *("duration_s", "summary", "results", "coverage"),
    }
    assert file["summary"] == {"pass": 4, "fail": 1, "warn": 1, "error": 1, "skip": 1}
    for result in file["results"]:
        assert {*result} == {
            *("id", "title", "status", "duration_s", "clauses", "findings", "transitions"),
            "artifacts",
        }
        for finding in result["findings"]:
            assert {*finding} == {"clause", "status", "message", "evidence", "session"}
    assert {*file["coverage"]} == {"transitions", "clauses"}
    for part in file["coverage"].values():
        assert {*part} == {"covered", "total", "missing"}
    assert ["[*] start", "Connecting"] in file["results"][0]["transitions"]


def test_the_example_survives_the_round_trip(run: Run) -> None:
    assert read_results(results_json(run)) == run


@given(runs(st.text(max_size=8)))
@settings(max_examples=60)
def test_every_run_survives_the_round_trip_and_keeps_the_schema(run: Run) -> None:
    data = results_json(run)
    VALIDATOR.validate(json.loads(data))
    assert read_results(data) == run


@given(runs(st.text(st.characters(categories=["Cs", "Cc", "L"]), max_size=4)))
@settings(max_examples=30)
def test_halves_of_surrogate_pairs_do_not_stop_the_results(run: Run) -> None:
    again = read_results(results_json(run))
    assert again.summary == run.summary


def changed(run: Run, **keys: Any) -> bytes:
    return json.dumps({**json.loads(results_json(run)), **keys}).encode()


def test_what_cannot_be_read_is_said_with_its_place(run: Run) -> None:
    result = json.loads(results_json(run))["results"][0]
    for data, said in (
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a results file: Expected `object`, got `array`"),
        (b"{}", "missing required field `schema`"),
        (b"[" * 100_000, "not"),
        (changed(run, schema="2"), "schema '2'; this version reads '1'"),
        (changed(run, seed="x"), "$.seed"),
        (changed(run, results=[{**result, "status": "great"}]), "$.results[0].status"),
        (changed(run, results=[]), "$.summary"),
    ):
        with pytest.raises(ResultsError) as caught:
            read_results(data)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_key_of_a_later_version_is_no_error(run: Run) -> None:
    assert read_results(changed(run, later=True)) == run
