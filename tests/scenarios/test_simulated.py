"""Playing in virtual time: verdicts, reasons for skipping, and `recspec run --world`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from conformance.history import from_lines
from conformance.judgement import Judgement, Status
from fixtures.faults import vocabulary
from scenarios import simulated
from scenarios.engine import Options, Play, Result
from scenarios.reader import library
from scenarios.simulated import agreement, simulate
from simulator.overlay import mutants
from simulator.virtual.playable import can_play

LIBRARY = library(frozenset(vocabulary()))
SOME = ("basic/exec", "failover/second-wins", "loss/killed-both", "reject/both", "user/hangs-up")


class Watch:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def started(self, scenario: str) -> None:
        self.told.append(f"started {scenario}")

    def finished(self, judgement: Judgement) -> None:
        self.told.append(f"finished {judgement.scenario}")


def plays(*names: str) -> list[Play]:
    return [Play(LIBRARY[name]) for name in names]


def run(items: list[Play], *, stopped: bool = False) -> Result:
    async def inner() -> Result:
        stop = asyncio.Event()
        if stopped:
            stop.set()
        return await simulate(items, Options(seed=3), Watch(), stop)

    return asyncio.run(inner())


def test_a_run_says_where_it_was_played_and_keeps_the_order() -> None:
    result = run(plays(*SOME))
    assert result.run.world == "sim"
    assert result.run.seed == 3
    assert [j.scenario for j in result.run.results] == list(SOME)
    assert {j.status for j in result.run.results} == {Status.PASS}
    assert all(result.histories)
    assert result.run.coverage.transitions.covered > 10


def test_who_watches_is_told_one_after_the_other() -> None:
    watch = Watch()
    asyncio.run(simulate(plays(*SOME[:2]), Options(), watch, asyncio.Event()))
    first, second = SOME[:2]
    assert watch.told == [
        f"started {first}",
        f"finished {first}",
        f"started {second}",
        f"finished {second}",
    ]


def test_what_cannot_be_played_is_skipped_with_the_reason() -> None:
    mutant = next(m for m in mutants().values() if m.part == "recorder")
    (judgement,) = run([Play(LIBRARY["basic/exec"], mutant)]).run.results
    assert judgement.status is Status.SKIP
    assert "live only" in judgement.findings[0].message


def test_what_no_check_had_found_is_skipped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "can_play", lambda *_: "")
    scenario = msgspec.structs.replace(LIBRARY["reject/exec"], faults=())
    session = msgspec.structs.replace(scenario.sessions[0], command="echo `date`")
    scenario = msgspec.structs.replace(scenario, sessions=(session,))
    (judgement,) = run([Play(scenario)]).run.results
    assert judgement.status is Status.SKIP
    assert "'`'" in judgement.findings[0].message


def test_a_model_that_breaks_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("the model")

    monkeypatch.setattr(simulated, "VirtualWorld", broken)
    (judgement,) = run(plays("basic/exec")).run.results
    assert judgement.status is Status.ERROR
    assert "ZeroDivisionError: the model" in judgement.findings[0].message


def test_what_was_interrupted_is_an_error() -> None:
    (judgement,) = run(plays("basic/exec"), stopped=True).run.results
    assert judgement.status is Status.ERROR


def test_only_what_both_worlds_played_is_compared() -> None:
    mutant = next(m for m in mutants().values() if m.part == "recorder")
    items = [Play(LIBRARY["basic/exec"]), Play(LIBRARY["basic/exec-pty"], mutant)]
    result = run(items)
    assert agreement(items, result, result).compared == ("basic/exec",)


# --- the command


def recspec(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recspec", "run", *args],
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
    )


def test_the_library_is_played_in_virtual_time_by_command(tmp_path: Path) -> None:
    done = recspec("--world", "sim", "--out", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["world"] == "sim"
    playable = [name for name, scenario in LIBRARY.items() if not can_play(scenario)]
    assert playable
    assert found["summary"]["pass"] == len(playable)
    assert found["summary"]["skip"] == len(LIBRARY) - len(playable)
    history = from_lines((tmp_path / "histories" / "basic__exec.jsonl").read_bytes())
    assert history
    assert (tmp_path / "report.html").exists()


def test_where_nothing_can_be_played_nothing_is_known(tmp_path: Path) -> None:
    name = next(m.name for m in mutants().values() if m.part == "recorder")
    done = recspec("basic/exec", "--world", "sim", "--mutant", name, "--out", str(tmp_path))
    assert done.returncode == 3, done.stderr


def test_a_mutant_is_found_by_command(tmp_path: Path) -> None:
    args = ("loss/black-hole", "--world", "sim", "--mutant", "hasty-ack-window")
    done = recspec(*args, "--out", str(tmp_path))
    assert done.returncode == 1, done.stderr
    assert "acks-14" in done.stdout


@pytest.mark.live
def test_both_worlds_are_compared_by_command(tmp_path: Path) -> None:
    done = recspec(*SOME, "--world", "both", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(SOME)} scenarios compared, 0 differ" in done.stdout
    found = json.loads((tmp_path / "agreement.json").read_bytes())
    assert found == {"compared": list(SOME), "differences": []}
    assert json.loads((tmp_path / "results.json").read_bytes())["world"] == "live"
    assert json.loads((tmp_path / "sim" / "results.json").read_bytes())["world"] == "sim"
