"""`recspec check recorder`: as a vendor runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.bodies import PLAIN_COMMAND

RECSPEC = (sys.executable, "-m", "recspec")
pytestmark = [pytest.mark.live, pytest.mark.long]


def recspec(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RECSPEC, *words], capture_output=True, text=True, cwd=cwd, timeout=110, check=False
    )


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """The profile of a reference recorder that is started by command."""
    command = [*RECSPEC, "serve", "recorder", "--listen", "{host}:{port}", "--storage", "{storage}"]
    profile = tmp_path / "reference.toml"
    profile.write_text(
        f'name = "the reference"\ncommand = {json.dumps(command)}\nready = "listening"\n'
        '[storage]\nkind = "filesystem"\nnode_id = "source"\n'
    )
    return profile


def test_a_right_recorder_conforms_and_gets_its_statement(reference: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = recspec("check", "recorder", str(reference), "--out", str(out), "--only", "v2/probe")
    assert done.returncode == 0, done.stderr
    said = json.loads((out / "statement.json").read_text())
    results = (out / "results.json").read_bytes()
    assert said["target"] == "the reference"
    assert said["results_sha256"] == sha256(results).hexdigest()
    assert said["levels"]["core-v2"]["verdict"] == "conformant"
    assert not said["complete"]
    assert (out / "badge.svg").exists()
    assert "core-v2" in done.stdout


def test_json_is_all_there_is_on_stdout(reference: Path, tmp_path: Path) -> None:
    words = ("--out", str(tmp_path / "out"), "--only", "v2/probe", "--json")
    done = recspec("check", "recorder", str(reference), *words)
    assert done.returncode == 0, done.stderr
    assert [result["id"] for result in json.loads(done.stdout)["results"]] == ["recorder/v2/probe"]


def test_a_wrong_recorder_is_told_what_it_breaks_and_can_be_shown_it_again(
    reference: Path, tmp_path: Path
) -> None:
    text = reference.read_text().replace(
        '"--storage"', '"--mutant", "recorder-drops-last-line", "--storage"'
    )
    reference.write_text(text)
    out = tmp_path / "out"
    done = recspec(
        "check", "recorder", str(reference), "--out", str(out), "--only", "streaming/one-write-v2"
    )
    assert done.returncode == 1, done.stderr
    assert "storage-2" in done.stdout
    (tape,) = (out / "wire").iterdir()
    with_mutant = (*RECSPEC, "serve", "recorder", "--listen", "127.0.0.1:0")
    with running([*with_mutant, "--storage", str(tmp_path / "again")]) as url:
        again = recspec("check", "recorder", url, "--replay", str(tape))
    assert again.returncode == 0, again.stderr
    assert "POST" not in again.stderr
    assert " > " in again.stdout
    assert "ack" in again.stdout
    assert list((tmp_path / "again").rglob("*.cast"))


def running(argv: list[str]) -> Running:
    return Running(argv)


class Running:
    """A recorder in a process of its own, by its URL."""

    def __init__(self, argv: list[str]) -> None:
        self._process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> str:
        assert self._process.stderr is not None
        address = self._process.stderr.readline().rpartition(" ")[2].strip()
        return f"http://{address}"

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._process.wait(20)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[str]:
    """A recorder of another stack, which speaks v1 alone, by its URL."""
    storage = tmp_path / "plain"
    storage.mkdir()
    values = {"host": "127.0.0.1", "port": "0", "storage": str(storage)}
    with Running([word.format(**values) for word in PLAIN_COMMAND]) as url:
        yield url


def test_what_a_bare_url_does_not_say_is_probed_or_skipped(plain: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = recspec("check", "recorder", plain, "--out", str(out), "--only", "v2/probe", "--json")
    assert done.returncode == 3  # nothing was checked
    (result,) = json.loads(done.stdout)["results"]
    assert result["status"] == "skip"
    assert "does not speak v2" in result["findings"][0]["message"]


def test_init_probes_a_recorder_that_runs(plain: str, tmp_path: Path) -> None:
    done = recspec("check", "recorder", plain, "--init", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (profile,) = tmp_path.glob("*.toml")
    assert "v1 = true\nv2 = false\nevents = false" in profile.read_text()


def test_init_replaces_no_file_and_probes_nothing_for_one_that_it_cannot_write(
    tmp_path: Path,
) -> None:
    there = tmp_path / "127.0.0.1-1.toml"  # where nothing listens
    there.write_text("mine")
    done = recspec("check", "recorder", "http://127.0.0.1:1", "--init", cwd=tmp_path)
    assert done.returncode == 2
    assert "127.0.0.1-1.toml: exists; give another name" in done.stderr
    assert there.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("http://127.0.0.1:1",), 3, "nothing accepts connections at 127.0.0.1:1"),
        (("https://h",), 2, "plain HTTP"),
        (("nowhere.toml",), 2, "No such file"),
        (("http://127.0.0.1:1", "--only", "v3"), 2, "--only v3: no case"),
        (("http://127.0.0.1:1", "--skip", "*"), 2, "nothing is left"),
        (("http://127.0.0.1:1", "--replay", "none"), 2, "No such file"),
    ],
)
def test_what_cannot_be_checked_is_one_clear_line(
    words: tuple[str, ...], status: int, said: str, tmp_path: Path
) -> None:
    done = recspec("check", "recorder", *words, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("results.json"))


def test_a_command_that_does_not_serve_is_told_with_its_last_words(tmp_path: Path) -> None:
    profile = tmp_path / "p.toml"
    code = "import sys; sys.exit('the disk is on fire')"
    command = json.dumps([sys.executable, "-c", code, "{port}"])
    profile.write_text(f'name = "theirs"\ncommand = {command}\n')
    done = recspec("check", "recorder", str(profile), cwd=tmp_path)
    assert done.returncode == 3
    assert "theirs did not start: it ended before it served" in done.stderr
    assert "the disk is on fire" in done.stderr


def test_a_bucket_that_cannot_be_listed_is_told_before_anything_is_checked(
    plain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    profile = tmp_path / "far.toml"
    profile.write_text(
        f'name = "far"\nurl = "{plain}"\n[storage]\nkind = "s3"\nbucket = "sessions"\n'
        'endpoint = "http://127.0.0.1:1"\n'
    )
    done = recspec("check", "recorder", str(profile), "--out", str(tmp_path / "out"))
    assert done.returncode == 3
    (line,) = done.stderr.strip().splitlines()
    assert "bucket 'sessions' cannot be listed: no answer from http://127.0.0.1:1" in line
    assert not (tmp_path / "out").exists()


def test_an_interrupt_ends_it_with_what_was_done(reference: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [*RECSPEC, "check", "recorder", str(reference), "--out", str(out)]
    process = subprocess.Popen(
        [*words, "--only", "acks/idle", "--only", "v2/probe"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "v2/probe" in line and "pass" in line:
            os.kill(process.pid, signal.SIGINT)
            break
    process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 3
    statuses = {
        r["id"]: r["status"] for r in json.loads((out / "results.json").read_text())["results"]
    }
    assert statuses == {"recorder/v2/probe": "pass", "recorder/acks/idle": "error"}
