"""`recspec run`, as a process: what it writes, how it ends, and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.history import UserConnected, from_lines
from tests.recspec.processes import DEADLINE, descendants, named, wait_gone

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(180)]


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "recspec", "run", *args]


def run(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*args),
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env={**os.environ, **env},
    )


@contextmanager
def running(*args: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command(*args), stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"it ended without saying {text!r}")


def test_a_run_writes_all_its_results(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("basic/exec", "reject/exec", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert str(out / "report.html") in done.stdout
    results = json.loads((out / "results.json").read_bytes())
    assert results["summary"] == {"pass": 2, "fail": 0, "warn": 0, "error": 0, "skip": 0}
    assert {result["id"] for result in results["results"]} == {"basic/exec", "reject/exec"}
    for result in results["results"]:
        (artifact,) = result["artifacts"]
        assert from_lines((out / artifact).read_bytes())
    assert (out / "junit.xml").exists()
    assert not list(out.glob(".*"))


def test_json_is_all_that_stdout_gets(tmp_path: Path) -> None:
    done = run("basic/exec", "--json", "--out", str(tmp_path / "out"))
    assert json.loads(done.stdout)["summary"]["pass"] == 1


def test_a_mutant_is_not_conformant(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("reject/exec", "--mutant", "fails-open-when-enforced", "--out", str(out))
    assert done.returncode == 1
    assert "failure-1" in done.stdout
    told = json.loads((out / "results.json").read_text())
    assert told["target"] == "reference with fails-open-when-enforced"


def test_without_ssh_nothing_is_played_with_it(tmp_path: Path) -> None:
    done = run("reject", "--ssh-client", "openssh", "--out", str(tmp_path), PATH=str(tmp_path))
    assert done.returncode == 3
    assert done.stderr == (
        "--ssh-client openssh: users have OpenSSH, and no 'ssh' is on PATH: install it"
        " (Debian: openssh-client)\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("no/such",), "no scenario matches 'no/such'"),
        (("basic/exec", "--mutant", "nobody"), "no mutant is named 'nobody'"),
        (("nowhere.yaml",), "nowhere.yaml: No such file or directory"),
        (("--jobs", "0"), "--jobs"),
        (("--speed", "0"), "--speed"),
    ],
)
def test_wrong_usage_is_one_line_and_2(args: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run(*args, "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_scenario_file_names_line_and_field(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("title: mine\nsessions:\n  - name: 7\nexpect: []\n")
    done = run(str(file), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stderr == f"{file}:3: sessions[0].name: Expected `str`, got `int`\n"


def test_a_folder_is_used_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("basic/exec", "--out", str(out)).returncode == 0
    before = (out / "results.json").read_bytes()
    again = run("basic/exec", "--out", str(out))
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    assert (out / "results.json").read_bytes() == before


def test_two_runs_into_one_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with running("basic/idle", "basic/exec", "--out", str(out)) as first:
        wait_for_line(first, "basic/exec")
        second = run("basic/exec", "--out", str(out))
        assert second.returncode == 2
        assert "another run is writing there" in second.stderr
        assert first.wait(DEADLINE) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_what_was_done_and_leaves_nothing(
    number: signal.Signals, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with running("basic/long-idle", "basic/exec", "--out", str(out)) as process:
        wait_for_line(process, "basic/exec")
        below = descendants(process.pid)
        assert below
        process.send_signal(number)
        assert process.wait(DEADLINE) == 3
    wait_gone(below)
    results = json.loads((out / "results.json").read_bytes())["results"]
    assert [result["status"] for result in results] == ["error", "pass"]


def test_an_engine_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    with running("basic/long-idle", "basic/exec", "--out", str(tmp_path / "out")) as process:
        wait_for_line(process, "basic/exec")
        below = descendants(process.pid)
        process.kill()
    wait_gone(below)


@pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no OpenSSH")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_users_with_openssh_end_with_the_run(number: signal.Signals, tmp_path: Path) -> None:
    options = ("--ssh-client", "openssh", "--out", str(tmp_path / "out"))
    with running("basic/long-idle", *options) as process:
        deadline = time.monotonic() + DEADLINE
        while not (below := named(descendants(process.pid), "UserKnownHostsFile")):
            assert time.monotonic() < deadline, "no ssh was started"
            assert process.poll() is None
            time.sleep(0.01)  # the kernel tells nobody of processes that others start
        process.send_signal(number)
    wait_gone(below)


def test_toxiproxy_killed_midway_is_an_error_not_a_verdict(tmp_path: Path) -> None:
    with running("network/pause", "basic/exec", "--out", str(tmp_path / "out")) as process:
        wait_for_line(process, "basic/exec")
        (toxiproxy,) = named(descendants(process.pid), "toxiproxy-server")
        os.kill(toxiproxy, signal.SIGKILL)
        assert process.wait(DEADLINE) == 3
    results = json.loads((tmp_path / "out" / "results.json").read_bytes())["results"]
    assert [result["status"] for result in results] == ["error", "pass"]


def test_without_toxiproxy_the_rest_is_judged(tmp_path: Path) -> None:
    out = tmp_path / "out"
    nowhere = {"XDG_CACHE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "RECSPEC_TOXIPROXY": ""}
    done = run("basic/exec", "network/slow", "--out", str(out), **nowhere)
    assert done.returncode == 3
    results = json.loads((out / "results.json").read_bytes())["results"]
    assert [result["status"] for result in results] == ["pass", "error"]
    assert "Toxiproxy" in done.stdout


def test_a_full_disk_for_the_results_is_3(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the page is larger than 64 KiB."""
    out = tmp_path / "out"
    done = subprocess.run(
        ["prlimit", "--fsize=65536", *command("basic/exec", "--out", str(out))],
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_folder_that_cannot_be_made() -> None:
    done = run("basic/exec", "--out", "/dev/full/out")
    assert done.returncode == 2  # no folder can ever be there
    done = run("basic/exec", "--out", "x" * 300)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    done = run("basic/exec", "--out", "/proc/out")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_does_not_matter(tmp_path: Path) -> None:
    """Every port is the kernel's choice: nothing of ours has a fixed one."""
    with socket.create_server(("127.0.0.1", 8474)):
        assert run("basic/exec", "--out", str(tmp_path / "out")).returncode == 0


@pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no OpenSSH")
def test_users_connect_with_what_was_asked_for(tmp_path: Path) -> None:
    for client, program in (("openssh", "OpenSSH"), ("asyncssh", "")):
        folder = tmp_path / client
        done = run("openssh/exec", "--ssh-client", client, "--out", str(folder))
        assert done.returncode == 0, done.stdout + done.stderr
        history = from_lines((folder / "histories" / "openssh__exec.jsonl").read_bytes())
        connected = [e.what for e in history if isinstance(e.what, UserConnected)]
        assert [what.program for what in connected] == [program]
