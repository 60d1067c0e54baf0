"""The index of what scenarios exercise is fresh, and is made only from runs that show it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conformance.clauses import CATALOGUE
from fixtures.faults import vocabulary
from scenarios import exercised
from scenarios.exercised import Index, Played, UnfitError, fold, make, stale, unfold
from scenarios.reader import library

LIBRARY = library(frozenset(vocabulary()))


def results(**changes: Any) -> bytes:
    run = {
        "target": "reference",
        "world": "live",
        "speed": 1,
        "results": [
            {"id": name, "status": "pass", "clauses": ["acks-1", "acks-2", "v2-1"]}
            for name in LIBRARY
        ],
    }
    return json.dumps({**run, **changes}).encode()


def test_the_index_is_fresh() -> None:
    assert not stale(LIBRARY), (
        "scenarios/exercised.json is out of date; make it anew: " + exercised.REGENERATE
    )


def test_every_clause_that_is_checked_is_exercised_by_some_scenario() -> None:
    index = exercised.read()
    seen = {clause for played in index.scenarios.values() for clause in unfold(played.clauses)}
    assert seen == set(unfold(index.checked))


def test_exercising_names_the_scenarios() -> None:
    index = Index(
        "acks 1", {"a": Played("", "acks 1"), "b": Played("", "v1 1"), "c": Played("", "acks 1-2")}
    )
    assert exercised.exercising("acks-1", index) == ("a", "c")
    assert exercised.exercising("acks-2", index) == ("c",)
    assert exercised.exercising("ui-1", index) == ()


def test_folding_loses_nothing() -> None:
    assert unfold(fold(CATALOGUE)) == tuple(CATALOGUE)
    some = ["choose-1", "choose-2", "choose-3", "choose-5", "v1-2", "header-10", "header-11"]
    assert fold(reversed(some)) == "choose 1-3 5, v1 2, header 10-11"
    assert unfold("choose 1-3 5, v1 2, header 10-11") == tuple(some)
    assert unfold(fold([])) == ()


def test_a_changed_scenario_makes_it_stale() -> None:
    fresh = make(results(), LIBRARY)
    assert stale(LIBRARY, fresh) == ()
    name, scenario = next(iter(LIBRARY.items()))
    slower = msgspec.structs.replace(scenario, deadline=scenario.deadline + 1)
    assert stale({**LIBRARY, name: slower}, fresh) == (f"{name} has changed",)
    retold = msgspec.structs.replace(scenario, title="Told otherwise", about="And longer")
    assert stale({**LIBRARY, name: retold}, fresh) == ()
    assert stale({**LIBRARY, "new/one": scenario}, fresh) == ("new/one is not in it",)
    without = {key: value for key, value in LIBRARY.items() if key != name}
    assert stale(without, fresh) == (f"{name} is no longer in the library",)


def test_other_checks_make_it_stale() -> None:
    fresh = make(results(), LIBRARY)
    checked = unfold(fresh.checked)
    fewer = msgspec.structs.replace(fresh, checked=fold(checked[1:]))
    assert stale(LIBRARY, fewer) == (f"{checked[0]} was not checked then",)
    more = msgspec.structs.replace(fresh, checked=fold([*checked, "ui-1"]))
    assert stale(LIBRARY, more) == ("ui-1 is no longer checked",)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"speed": 10}, "real time"),
        ({"world": "sim"}, "live"),
        ({"target": "theirs"}, "reference"),
        ({"results": []}, "not played: answers/"),
        ({"results": [{"id": "basic/idle", "status": "fail", "clauses": []}]}, "basic/idle"),
        ({"results": 1}, "not the results of a run"),
    ],
)
def test_a_run_that_does_not_show_it_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(UnfitError, match=why):
        make(results(**changes), LIBRARY)


def test_it_is_written_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exercised, "INDEX", tmp_path / "exercised.json")
    run = tmp_path / "results.json"
    run.write_bytes(results())
    assert exercised.main([str(run)]) == 0
    assert exercised.read() == make(results(), LIBRARY)
    run.write_bytes(results(speed=10))
    assert exercised.main([str(run)]) == 2
    assert exercised.main([str(tmp_path / "none.json")]) == 2
    assert exercised.main([]) == 2
    refused, missing, usage = capsys.readouterr().err.splitlines()
    assert refused.startswith(f"{run}: ")
    assert "No such file" in missing
    assert usage == f"usage: {exercised.REGENERATE}"
