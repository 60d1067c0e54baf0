"""``recspec simulate``: the same folder however it was played, and what it says when it was not."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from recspec.campaign_plan import BASE
from recspec.cli import application
from recspec.plan_page import REGENERATE, plan_page
from reports import campaign_parquet, campaign_plots
from reports.campaign import Campaign
from simulator.campaign.plan import keys, load
from tests.recspec.processes import DEADLINE, descendants, wait_gone
from tests.simulator.spread.dask_programs import scheduler, worker

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
PAGE = Path(__file__).parents[2] / "docs" / "plan.md"
SMALL = ("--sessions", "20", "--seeds", "1-3")
ASKED = ("--sessions", "300", "--seeds", "1-40")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "recspec", "simulate", *words]


def simulate(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), capture_output=True, text=True, check=False, timeout=DEADLINE
    )


def simulated(*words: str) -> Result:
    return CliRunner().invoke(application(["simulate"]), ["simulate", *words])


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command(*words), stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_first(process: subprocess.Popen[str]) -> None:
    """Wait until the first seed was played."""
    assert process.stderr is not None
    assert any(line.startswith("simulated ") for line in process.stderr)


def folder(out: Path) -> dict[str, bytes]:
    """Everything in it but the journal, whose lines stand in the order in which they came."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "journal.jsonl")
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def seeds_in_journal(out: Path) -> list[int]:
    lines = (out / "journal.jsonl").read_bytes().splitlines()[1:]
    return sorted(json.loads(line)["seed"] for line in lines)


# --- the same, whatever happens


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    done = simulate(*ASKED, "--jobs", "1", "--out", str(out))
    assert done.returncode == 0, done.stderr
    return folder(out)


def test_all_files_are_there(undisturbed: dict[str, bytes]) -> None:
    assert {"figures.json", "figures.md", "tallies.parquet"} < set(undisturbed)
    assert {Path(name).suffix for name in undisturbed if name.startswith("plots/")} == {
        ".svg",
        ".png",
    }
    campaign = msgspec.json.decode(undisturbed["figures.json"], type=Campaign)
    assert campaign.seeds == (1, 40)
    (variant,) = campaign.variants
    (sessions,) = (one for one in variant.found.figures if one.name == "sessions")
    assert sessions.value == 300 * 40


def test_a_worker_killed_midway(undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    with running(*ASKED, "--jobs", "2", "--out", str(tmp_path)) as process:
        wait_for_first(process)
        below = descendants(process.pid)
        victim = max(below)  # the fork server and its tracker were there before
        os.kill(victim, signal.SIGKILL)
        assert process.wait(DEADLINE) == 0
    wait_gone(below)
    assert folder(tmp_path) == undisturbed
    assert seeds_in_journal(tmp_path) == list(range(1, 41))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_and_resumed(
    number: signal.Signals, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    with running(*ASKED, "--jobs", "2", "--out", str(tmp_path)) as process:
        wait_for_first(process)
        below = descendants(process.pid)
        process.send_signal(number)
        _, told = process.communicate(timeout=DEADLINE)
        assert process.returncode == 3
    wait_gone(below)
    last = told.splitlines()[-1]
    assert last.startswith("stopped: ")
    assert " of 40 seeds were played" in last
    assert last.endswith(f"--out {tmp_path} --resume")
    assert set(folder(tmp_path)) == set()
    kept = seeds_in_journal(tmp_path)
    assert 0 < len(kept) < 40
    done = simulate(*ASKED, "--jobs", "3", "--out", str(tmp_path), "--resume")
    assert done.returncode == 0, done.stderr
    assert folder(tmp_path) == undisturbed
    assert seeds_in_journal(tmp_path) == list(range(1, 41))


def test_killed_outright_it_leaves_no_process_and_is_resumed(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    with running(*ASKED, "--jobs", "2", "--out", str(tmp_path)) as process:
        wait_for_first(process)
        below = descendants(process.pid)
        process.kill()
    wait_gone(below)
    done = simulate(*ASKED, "--out", str(tmp_path), "--resume")
    assert done.returncode == 0, done.stderr
    assert folder(tmp_path) == undisturbed


def test_on_a_cluster_of_which_a_worker_is_killed(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        _, address = stack.enter_context(scheduler())
        victim = stack.enter_context(worker(address))
        stack.enter_context(worker(address))
        words = (*ASKED, "--cluster", address, "--out", str(tmp_path))
        process = stack.enter_context(running(*words))
        wait_for_first(process)
        victim.kill()
        _, told = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, told
    assert folder(tmp_path) == undisturbed
    assert seeds_in_journal(tmp_path) == list(range(1, 41))


# --- resuming


def test_more_seeds_and_variants_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_plots, "available", lambda: False)  # they take longest
    out, vary = tmp_path / "out", ("--vary", "recorders.count=1,3")
    assert simulated(*SMALL, "--out", str(out)).exit_code == 0
    more = ("--sessions", "20", "--seeds", "1-4", *vary)
    assert simulated(*more, "--out", str(out), "--resume").exit_code == 0
    whole = tmp_path / "whole"
    assert simulated(*more, "--out", str(whole)).exit_code == 0
    assert folder(out) == folder(whole)
    # Three recorders are the base plan's: its three seeds were not played again.
    assert len(seeds_in_journal(out)) == 2 * 4


def test_a_folder_with_a_campaign_is_not_written_over(tmp_path: Path) -> None:
    assert simulated(*SMALL, "--out", str(tmp_path)).exit_code == 0
    before = folder(tmp_path)
    again = simulated(*SMALL, "--out", str(tmp_path))
    assert again.exit_code == 2
    assert "holds a campaign already" in again.stderr
    other = simulated("--sessions", "21", "--seeds", "1", "--out", str(tmp_path), "--resume")
    assert other.exit_code == 2
    assert other.stderr.count("\n") == 1
    assert "journal.jsonl:1: the journal of another plan" in other.stderr
    assert folder(tmp_path) == before


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    result = simulated(*SMALL, "--out", str(tmp_path), "--resume")
    assert result.exit_code == 0
    assert "holds no campaign yet" in result.stderr


@pytest.mark.parametrize("part", [campaign_plots, campaign_parquet])
def test_what_is_not_written_without_its_library_is_said_and_made_up_for(
    part: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert simulated(*SMALL, "--out", str(whole)).exit_code == 0
    with monkeypatch.context() as patched:
        patched.setattr(part, "available", lambda: False)
        result = simulated(*SMALL, "--out", str(out))
    assert result.exit_code == 0
    assert f"pip install 'recspec[{part.EXTRA}]'" in result.stderr  # type: ignore[attr-defined]
    assert set(folder(out)) < set(folder(whole))
    assert "figures.json" in folder(out)
    assert simulated(*SMALL, "--out", str(out), "--resume").exit_code == 0
    assert folder(out) == folder(whole)


# --- what is wrong


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--seeds", "5-3"), "--seeds 5-3: the last is below the first; write 3-5"),
        (("--seeds", "all"), "--seeds all: write FIRST-LAST, like 1-20, or one seed"),
        (("--seeds", "-4"), "--seeds -4: write FIRST-LAST"),
        (("--seeds", "1-9999999"), "at most 100000 seeds"),
        (("--sessions", "0"), "sessions.count: 0: write 1 to"),
        (("--vary", "recorders.count"), "write KEY=VALUE,VALUE, like recorders.count=1,2,3"),
        (("--vary", "recorders.count=1,"), "write KEY=VALUE,VALUE"),
        (("--vary", "recorders.count=1,1"), "--vary recorders.count: 1 is there twice"),
        (("--vary", "recorder.count=1"), "--vary recorder.count=1: recorder.count: no such key"),
        (("--vary", "timers.ack_window=soon"), "'soon': not a duration"),
        (("--jobs", "2", "--cluster", "tcp://127.0.0.1:9"), "give --jobs or --cluster, not both"),
        (("--resume",), "--resume needs --out"),
        (("nowhere.toml",), "nowhere.toml: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = simulated(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert not list(tmp_path.iterdir())


def test_jobs_are_at_least_one() -> None:
    result = simulated("--jobs", "0")
    assert result.exit_code == 2
    assert "--jobs" in result.stderr


def test_a_plan_with_a_wrong_key_names_it(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("[recorders]\ncuont = 3\n")
    result = simulated(str(plan), "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert str(plan) in result.stderr
    assert "cuont" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_cluster_where_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.spread.crews._CONNECT_S", 1)
    result = simulated(*SMALL, "--cluster", "tcp://127.0.0.1:9", "--out", str(tmp_path))
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1
    assert "--cluster tcp://127.0.0.1:9: no scheduler answers" in result.stderr
    assert not list(tmp_path.iterdir())


def test_without_dask_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = simulated(*SMALL, "--cluster", "tcp://127.0.0.1:9", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert "pip install 'recspec[cluster]'" in result.stderr


def test_a_full_disk_keeps_what_was_played(tmp_path: Path) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = ("--sessions", "100", "--seeds", "1-20", "--out", str(tmp_path))
    done = subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
        preexec_fn=little_room,
    )
    assert done.returncode == 3, done.stderr
    assert "journal.jsonl: File too large: " in done.stderr
    assert "Traceback" not in done.stderr
    kept = seeds_in_journal(tmp_path)
    assert 0 < len(kept) < 20
    assert f"{len(kept)} of 20 seeds were played" in done.stderr
    assert simulate(*words, "--resume").returncode == 0
    assert seeds_in_journal(tmp_path) == list(range(1, 21))


# --- the rest


def test_json_is_all_there_is_on_stdout(tmp_path: Path) -> None:
    done = simulate(*SMALL, "--json", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.encode() == (tmp_path / "figures.json").read_bytes()


def test_init_writes_the_base_plan_once(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    assert simulated(str(plan), "--init").exit_code == 0
    assert load(plan) == load(BASE)
    again = simulated(str(plan), "--init")
    assert again.exit_code == 2
    assert again.stderr == f"{plan}: exists; give another name, or move it away\n"
    assert simulated("--init").exit_code == 2


def test_the_page_of_keys_is_fresh_and_names_every_key() -> None:
    page = plan_page()
    fresh = PAGE.read_text(encoding="utf-8") == page
    assert fresh, f"docs/plan.md is not what the plan says; make it anew: {REGENERATE}"
    for key in keys():
        table, _, last = key.rpartition(".")
        section = page.partition(f"## `[{table}]`")[2] if table else page
        assert f"| `{last}` |" in section.partition("\n## ")[0]


def test_the_base_plan_is_one_and_every_recorder_fails_in_it() -> None:
    plan = load(BASE)
    assert plan.recorders.count > 1
    assert plan.crash.every
    assert plan.silent.every
