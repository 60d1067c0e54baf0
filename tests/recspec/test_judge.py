"""`recspec judge`: a saved history, with its scenario, or found by name, or without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from conformance.history import Left, Played, to_line, to_lines
from conformance.machine import State
from recspec.cli import application
from reports.results import read_results
from scenarios.reader import to_yaml
from tests.conformance.histories import (
    STORIES,
    Story,
    Telling,
    change,
    drop,
    not_recorded,
    recorded,
    rejected,
)

S = State


def judged(*args: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(application(), ["judge", *map(str, args)], input=stdin)


def saved(folder: Path, telling: Telling) -> Path:
    path = folder / "one.jsonl"
    path.write_bytes(to_lines(telling.history))
    return path


def planned(folder: Path, telling: Telling) -> Path:
    path = folder / "one.yaml"
    path.write_text(to_yaml(telling.scenario))
    return path


@pytest.mark.parametrize("name", list(STORIES))
def test_with_its_scenario_everything_is_judged(name: str, tmp_path: Path) -> None:
    telling = STORIES[name]()
    result = judged(saved(tmp_path, telling), "--scenario", planned(tmp_path, telling))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("conformant: ")
    assert "skipped" not in result.stdout


def test_without_a_scenario_it_says_what_was_skipped_and_why(tmp_path: Path) -> None:
    result = judged(saved(tmp_path, recorded()))
    assert result.exit_code == 0
    assert "skipped: machine-2, streaming-5, storage-2: no scenario says what must come of it" in (
        result.stdout
    )


def test_a_scenario_of_the_library_is_found_by_its_name(tmp_path: Path) -> None:
    """The history is not one of that scenario, and machine-2 sees it."""
    telling = not_recorded().but(change(Played, {"scenario": "basic/exec"}))
    result = judged(saved(tmp_path, telling), "--json")
    run = json.loads(result.stdout)
    assert run["results"][0]["id"] == "basic/exec"
    assert "machine-2" in {finding["clause"] for finding in run["results"][0]["findings"]}
    assert result.exit_code in (1, 3)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "basic", "basic/*", ""])
def test_a_name_from_a_history_never_leads_anywhere(name: str, tmp_path: Path) -> None:
    telling = recorded().but(change(Played, {"scenario": name}))
    result = judged(saved(tmp_path, telling))
    assert result.exit_code == 0
    assert "no scenario says" in result.stdout


def test_a_scenario_of_the_matrix_is_found_by_its_name(tmp_path: Path) -> None:
    name = "matrix/v2/reset/open/both/1-of-1"
    named = recorded().but(change(Played, {"scenario": name}))
    found = judged(saved(tmp_path, named))
    assert "no scenario says" not in found.output
    assert "took:" in found.output


def test_a_broken_clause_ends_with_1_and_says_why(tmp_path: Path) -> None:
    telling = recorded().but(drop(Left))
    result = judged(saved(tmp_path, telling), "--scenario", planned(tmp_path, telling))
    assert result.exit_code == 1
    assert "fail machine-3: the session ended 1 times" in result.stdout


def test_a_gap_ends_with_3(tmp_path: Path) -> None:
    lines = to_lines(recorded().history).splitlines(keepends=True)
    for cut in (5, len(lines) // 2, len(lines) - 1):
        path = tmp_path / "cut.jsonl"
        path.write_bytes(b"".join(lines[:cut]))
        result = judged(path)
        assert result.exit_code == 3, (cut, result.output)
        assert "error rig: " in result.stdout


def test_the_same_bytes_give_the_same_bytes(tmp_path: Path) -> None:
    for story in STORIES.values():
        path = saved(tmp_path, story())
        for args in ((path,), (path, "--json")):
            first, second = judged(*args), judged(*args)
            assert first.stdout == second.stdout
            assert first.exit_code == second.exit_code


def test_json_is_a_results_file_and_nothing_else(tmp_path: Path) -> None:
    result = judged(saved(tmp_path, rejected()), "--json")
    run = read_results(result.stdout_bytes)
    assert run.world == "live"
    assert run.results[0].scenario == "t/one"
    assert (S.RECORDING_FAILED, S.SESSION_REJECTED) in run.results[0].transitions
    assert "conformant" in result.stderr


def test_a_history_from_stdin() -> None:
    result = judged("-", stdin=to_lines(recorded().history))
    assert result.exit_code == 0
    assert "conformant: stdin" in result.stdout


GOOD = to_line(Story().events[0])


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"", 1, "no events"),
        (b"\n\n", 1, "no events"),
        (b"hello\n", 1, "malformed"),
        (GOOD + GOOD[:-9], 2, "truncated"),
        (GOOD + b"\n" + b"[]\n", 3, "Expected `object`"),
        (GOOD + b"\x00\xff\xfe", 2, "malformed"),
        (GOOD + b'{"observer":"\xff"}', 2, "utf-8"),
        (GOOD + b'{"x":' * 100_000, 2, "nested too deeply"),
        (GOOD.replace(b"played", b"plaid"), 1, "Invalid value 'plaid'"),
        # Times that no clock tells, and worlds and speeds that would only take checks away.
        (GOOD.replace(b'"at":1000000', b'"at":-1'), 1, "$.at"),
        (GOOD.replace(b'"at":1000000', b'"at":1180591620717411303424'), 1, "$.at"),
        (GOOD.replace(b'"at":1000000', b'"at":NaN'), 1, "malformed"),
        (GOOD.replace(b'"at":1000000', b'"at":1e400'), 1, "out of range"),
        (GOOD.replace(b'"seq":0', b'"seq":-1'), 1, "$.seq"),
        (GOOD.replace(b'"world":"live"', b'"world":"elsewhere"'), 1, "$.what.world"),
        (GOOD.replace(b'"speed":1', b'"speed":0'), 1, "$.what.speed"),
        (GOOD.replace(b'"speed":1', b'"speed":1001'), 1, "$.what.speed"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    data: bytes, line: int, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(data)
    for name, result in ((str(path), judged(path)), ("stdin", judged("-", stdin=data))):
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert f"recspec judge: {name}:{line}: " in result.stderr
        assert says in result.stderr


def test_a_line_that_is_too_long_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recspec.judge.LINE_LIMIT", 200)
    path = tmp_path / "long.jsonl"
    path.write_bytes(GOOD + b'{"observer":"' + b"x" * 10_000)
    result = judged(path)
    assert result.exit_code == 2
    assert f"{path}:2: longer than 200 bytes" in result.stderr


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        result = judged(path)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"recspec judge: {path}: {says}")


def test_a_scenario_that_cannot_be_read(tmp_path: Path) -> None:
    history = saved(tmp_path, recorded())
    bad = tmp_path / "bad.yaml"
    bad.write_text("title: [")
    for path in (bad, tmp_path / "none.yaml"):
        result = judged(history, "--scenario", path)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert str(path) in result.stderr
        assert result.stderr.count("\n") == 1


def test_what_the_history_says_does_not_act_on_the_terminal(tmp_path: Path) -> None:
    story = change(Played, {"scenario": "\x1b[2Jboo\nfail x"})
    path = saved(tmp_path, recorded().but(story, drop(Left)))
    result = judged(path)
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "\nfail x" not in result.stdout
