"""``recspec explore``: what it prints, how it ends, and that it is the same every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from recspec.cli import application
from simulator.overlay import mutants

SMALL = ("--recorders", "1", "--faults", "1", "--outputs", "1", "--on-failure", "both")
LIVE_ONLY = [mutant.name for mutant in mutants().values() if mutant.part == "driver"]


def explored(*words: str) -> Result:
    return CliRunner().invoke(application(), ["explore", *words])


def test_the_client_holds() -> None:
    result = explored(*SMALL)
    assert result.exit_code == 0
    assert "complete: " in result.stdout
    assert "every property holds" in result.stdout
    # One recorder has no failover that works, and one action out of four was asked for.
    assert "TryFailover -> Connected" in result.stdout


def test_json_is_all_there_is_on_stdout() -> None:
    result = explored(*SMALL, "--json")
    found = json.loads(result.stdout)
    assert (found["complete"], found["violations"], found["arrows"]["total"]) == (True, [], 22)
    assert found["bounds"]["recorders"] == 1


def test_a_mutant_is_found_told_and_saved(tmp_path: Path) -> None:
    result = explored(*SMALL, "--mutant", "hasty-ack-window", "--save", str(tmp_path / "new"))
    assert result.exit_code == 1
    assert "cause: " in result.stdout
    assert "15 s" in result.stdout
    (path,) = (tmp_path / "new").iterdir()
    assert path.name == "cause-hasty-ack-window.yaml"
    assert str(path) in result.stdout.replace("\n", "")


def test_too_many_states_are_inconclusive() -> None:
    result = explored(*SMALL, "--most-states", "50")
    assert result.exit_code == 3
    assert "not complete" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--recorders", "10"), "recorders 10: write 0 to 9"),
        (("--faults", "-1"), "faults -1: write 0 to 20"),
        (("--instants", "3"), "instants 3: it does not divide"),
        (("--versions", "v3"), "write some of v1,v2"),
        (("--versions", ""), "write some of v1,v2"),
        (("--on-failure", "both,both"), "write some of both,"),
        (("--notify", "maybe"), "write yes, no, or yes,no"),
        (("--mutant", "nobody"), "no mutant is named 'nobody'"),
        (("--mutant", "recorder-drops-last-line"), "a mutant of the recorder"),
        (("--save", __file__), "not a folder"),
    ],
)
def test_wrong_usage_is_one_line(words: tuple[str, ...], said: str) -> None:
    result = explored(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert said in result.stderr


@pytest.mark.parametrize("name", LIVE_ONLY)
def test_a_mutant_of_the_live_driver_cannot_be_explored(name: str) -> None:
    result = explored("--mutant", name)
    assert result.exit_code == 2
    assert f"{name} is a mutant of the driver, and only the client is explored" in result.stderr


def test_the_same_bytes_whatever_the_hash_seed() -> None:
    def once(seed: str) -> bytes:
        words = [*SMALL, "--mutant", "falls-back-to-v1", "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "recspec", "explore", *words],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 1, done.stderr
        return done.stdout

    assert once("0") == once("1")
