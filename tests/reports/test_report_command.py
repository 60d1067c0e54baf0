from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from conformance.history import History
from conformance.judgement import Run
from recspec.report import report
from reports.write import write_reports

HISTORY = "histories/lost__v2-black-hole-continues.jsonl"


def call(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(report)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(run: Run, histories: dict[str, History], tmp_path: Path) -> Path:
    write_reports(run, histories, tmp_path)
    return tmp_path


def test_the_page_comes_back_as_it_was(folder: Path) -> None:
    before = {name: (folder / name).read_bytes() for name in ("report.html", "junit.xml")}
    for name in before:
        (folder / name).unlink()
    result = call(folder)
    assert result.exit_code == 1  # as the run itself: the example is not conformant
    assert "not conformant" in result.stdout
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_json_has_stdout_for_itself(folder: Path) -> None:
    result = call(folder, "--json")
    assert json.loads(result.stdout) == json.loads((folder / "results.json").read_bytes())
    assert "not conformant" in result.stderr


def test_histories_may_be_missing(folder: Path) -> None:
    (folder / HISTORY).unlink()
    assert call(folder).exit_code == 1
    assert (folder / "report.html").read_text().count('class="timeline"') == 1


def break_results(folder: Path) -> None:
    (folder / "results.json").write_text("{")


def remove_results(folder: Path) -> None:
    (folder / "results.json").unlink()


def break_history(folder: Path) -> None:
    with (folder / HISTORY).open("ab") as file:
        file.write(b'{"observer": 1}\n')


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (remove_results, "results.json: not there"),
        (break_results, "results.json: not JSON"),
        (break_history, f"{HISTORY}: line "),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_2(folder: Path, spoil: object, said: str) -> None:
    assert callable(spoil)
    spoil(folder)
    (folder / "report.html").write_text("mine")
    result = call(folder)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert (folder / "report.html").read_text() == "mine"


def test_a_page_that_cannot_be_written_is_exit_3(folder: Path) -> None:
    (folder / "report.html").unlink()
    (folder / "report.html").mkdir()
    result = call(folder)
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1
