"""`recspec check client`: as somebody runs it who has written a client."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures import go_toolchain
from fixtures.drivers import upstream

pytestmark = [pytest.mark.live, pytest.mark.long]

RECSPEC = (sys.executable, "-m", "recspec")
TARGETS = Path(__file__).parents[2] / "fixtures" / "targets"
REFERENCE = str(TARGETS / "reference-client.toml")
UPSTREAM = str(TARGETS / "upstream-client.toml")

FORGETFUL = """
import sys
sys.path.insert(0, {root!r})
from conformance import driver
from fixtures.drivers import reference

class Forgetful(reference.Driver):
    def take(self, message):
        if not isinstance(message, driver.Write) or "one-two" not in message.data:
            super().take(message)
        else:
            self._shown += 1
            self.say(driver.Written(count=self._shown))

reference.Driver = Forgetful
reference.main()
"""


def recspec(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RECSPEC, *words], capture_output=True, text=True, timeout=110, check=False
    )


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def profile(folder: Path, *command: str) -> str:
    path = folder / "client.toml"
    path.write_text(f'name = "mine"\nrole = "client"\ncommand = {json.dumps(command)}\n')
    return str(path)


def test_our_own_client_keeps_every_clause(tmp_path: Path) -> None:
    words = only("basic/v1-shell", "failover/refuses-v2", "loss/killed-both", "reject/both")
    done = recspec("check", "client", REFERENCE, *words, "--out", str(tmp_path / "o"), "--json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert results["target"] == "recspec reference client"
    assert {result["status"] for result in results["results"]} == {"pass"}
    judged = {clause for result in results["results"] for clause in result["clauses"]}
    assert {"choose-1", "v1-1", "v2-1", "streaming-1", "machine-2", "v2-16"} <= judged
    assert {"failure-1", "failure-2", "failure-3"} <= judged
    # What binds our own parts is no merit of a client's.
    assert not judged & {"storage-1", "notice-1", "header-25", "acks-1"}
    assert (tmp_path / "o" / "report.html").exists()


def test_upstreams_client_is_judged_and_what_it_lacks_is_skipped(tmp_path: Path) -> None:
    built = upstream.program().cached(lambda _: None)
    if built is None and go_toolchain.find(oldest=upstream.OLDEST_GO) is None:
        pytest.skip("no Go, and upstream's driver was not built before")
    words = only("basic/v2-shell", "basic/v1-shell", "failover/second-wins", "reject/both")
    done = recspec("check", "client", UPSTREAM, *words, "--out", str(tmp_path / "o"), "--json")
    if done.returncode == 3 and "building" in done.stderr:
        pytest.skip("upstream's driver cannot be built here")
    assert done.returncode == 0, done.stderr
    assert "it cannot: handed, failure-actions" in done.stderr
    results = {result["id"]: result for result in json.loads(done.stdout)["results"]}
    rejected = results["reject/both"]
    assert "failure-1" not in rejected["clauses"]
    skipped = {found["clause"]: found["message"] for found in rejected["findings"]}
    assert "no failure actions" in skipped["failure-1"]


def test_a_client_that_keeps_something_back_is_not_conformant(tmp_path: Path) -> None:
    script = tmp_path / "forgetful.py"
    script.write_text(FORGETFUL.format(root=str(TARGETS.parents[1])))
    mine = profile(tmp_path, sys.executable, str(script))
    done = recspec(
        "check", "client", mine, *only("basic/v2-shell"), "--out", str(tmp_path / "o"), "--json"
    )
    assert done.returncode == 1, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert "streaming-1" in {found["clause"] for found in result["findings"]}


def test_a_driver_that_dies_says_nothing_of_its_client(tmp_path: Path) -> None:
    ready = '{"type": "ready", "protocol": 1, "name": "x", "can": ["v1", "v2"]}'
    script = tmp_path / "driver.sh"
    script.write_text(f"echo '{ready}'; read hello; read start\n")
    mine = profile(tmp_path, "/bin/sh", str(script))
    done = recspec(
        "check", "client", mine, *only("basic/v2-shell"), "--out", str(tmp_path / "o"), "--json"
    )
    assert done.returncode == 3, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert result["status"] == "error"
    assert "the driver: it ended by itself" in result["findings"][0]["message"]


@pytest.mark.parametrize(
    ("text", "says", "status"),
    [
        ('name = "x"\nrole = "recorder"\ncommand = ["x", "{port}"]\n', "checks clients", 2),
        ('name = "x"\nrole = "client"\nurl = "http://127.0.0.1:1"\n', "url:", 2),
        ('name = "x"\nrole = "client"\ncommand = ["x", "{port}"]\n', "{port} is not known", 2),
        ('name = "x"\nrole = "client"\ncommand = ["/no/such/driver"]\n', "No such file", 3),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    text: str, says: str, status: int, tmp_path: Path
) -> None:
    path = tmp_path / "client.toml"
    path.write_text(text)
    done = recspec("check", "client", str(path), "--out", str(tmp_path / "o"))
    assert done.returncode == status
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout


def test_what_would_be_played_is_listed_without_a_driver(tmp_path: Path) -> None:
    mine = profile(tmp_path, "/no/such/driver")
    library = json.loads(recspec("check", "client", mine, "--list").stdout)
    whole = json.loads(recspec("check", "client", mine, "--list", "--matrix").stdout)
    assert {case["level"] for case in library} == {"library"}
    assert {case["level"] for case in whole} == {"library", "matrix"}
    assert [case for case in whole if case["level"] == "library"] == library
    aims = {case["id"]: case["clauses"] for case in whole}
    assert {"choose-12", "v2-1", "streaming-1"} <= set(aims["basic/v2-shell"])
    assert "v1-4" in aims["basic/v1-shell"]
    assert "storage-1" not in aims["basic/v1-shell"], "recorders are ours"
    assert "failure-2" in aims["matrix/v2/reset/first-output/both/1-of-1"]


def test_results_are_streamed_with_what_was_listed(tmp_path: Path) -> None:
    words = only("basic/v1-shell", "matrix/v2/reset/first-output/both/1-of-1")
    out = ("--out", str(tmp_path / "o"))
    done = recspec("check", "client", REFERENCE, *words, "--stream", *out)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["begun"]["cases"] == 2
    assert lines[-1]["ended"]["status"] == 0
    assert lines[-1]["ended"]["page"] == str(tmp_path / "o" / "report.html")
    judged = {line["judged"]["id"]: line["judged"] for line in lines[1:-1]}
    listed = json.loads(recspec("check", "client", REFERENCE, *words, "--list").stdout)
    assert {case["id"] for case in listed} == set(judged)
    for case in listed:
        assert set(case["clauses"]) <= set(judged[case["id"]]["clauses"])


def test_a_scenario_that_does_not_exist(tmp_path: Path) -> None:
    done = recspec("check", "client", REFERENCE, *only("no/such"), "--out", str(tmp_path / "o"))
    assert done.returncode == 2
    assert done.stderr.startswith("no scenario matches 'no/such'")
    assert len(done.stderr.splitlines()) == 1


def test_interrupted_it_says_what_was_done_and_leaves_no_driver(tmp_path: Path) -> None:
    mark = f"MARK_OF={tmp_path}"
    mine = Path(profile(tmp_path, "{python}", "-P", "-m", "fixtures.drivers.reference"))
    mine.write_text(mine.read_text() + f'[env]\nMARK_OF = "{tmp_path}"\n')
    words = only("basic/long-idle", "basic/exec")
    process = subprocess.Popen(
        [*RECSPEC, "check", "client", str(mine), *words, "--out", str(tmp_path / "o")],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stderr is not None
        while "basic/exec" not in process.stderr.readline():
            assert process.poll() is None
        assert left(mark)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 3
    assert not left(mark)
    results = json.loads((tmp_path / "o" / "results.json").read_bytes())["results"]
    assert [result["status"] for result in results] == ["error", "pass"]


def left(mark: str) -> list[str]:
    """The processes with this in their environment."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in environment.read_bytes().split(b"\0"):
                found.append(environment.parent.name)
    return found
