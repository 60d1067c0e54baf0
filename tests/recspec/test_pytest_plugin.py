"""The pytest plugin: as it works in a vendor's own project, beside a vendor's own packages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from recspec.isolated import ROOT, import_path
from recspec.suite_process import Results, SuiteError, command_for

pytestmark = [pytest.mark.live, pytest.mark.long]
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")

OWN = ("conformance", "fixtures", "reports", "scenarios", "simulator")
OWN_TEST = f"""\
import sys
import conformance, fixtures, reports, scenarios, simulator

def test_own():
    for name in {OWN!r}:
        assert sys.modules[name].__file__ is not None
        assert sys.modules[name].WHOSE == "the vendor's"
"""
PROBE = "recspec::recorder/v2/probe"
UNKNOWN_FRAMES = "recspec::recorder/hostile/h2-unknown"
METHODS = "recspec::recorder/v1/methods"
NO_EVENTS = "recspec::recorder/events/none"
IDLE = "recspec::recorder/acks/idle"

Pytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A vendor's project, with packages that are named like ours."""
    project = tmp_path / "project"
    for name in OWN:
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text('WHOSE = "the vendor\'s"\n')
    (project / "test_own.py").write_text(OWN_TEST)
    (project / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\npythonpath = .\n")
    profile(project, "reference")
    return project


def profile(project: Path, name: str, *more: str) -> str:
    """Write the profile of a reference recorder that is started by command."""
    command = [sys.executable, "-I", "-m", "recspec", "serve", "recorder"]
    command += ["--listen", "{host}:{port}", *more, "--storage", "{storage}"]
    (project / f"{name}.toml").write_text(
        f'name = "{name}"\ncommand = {json.dumps(command)}\nready = "listening"\n'
        '[storage]\nkind = "filesystem"\nnode_id = "source"\n'
    )
    return f"{name}.toml"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which the plugin is installed as pyproject.toml says."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    info = tmp_path / "site" / "recspec_here-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: recspec-here\nVersion: 0\n")
    lines = [f"{name} = {module}" for name, module in declared["pytest11"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    ours = {"PYTHONPATH": str(info.parent), "TMPDIR": str(tmp_path)}
    return {**kept, **ours, "RECSPEC_TEST": str(tmp_path)}  # the tag of what is started in it


def words(*more: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-v", "-rA", "-p", "no:cacheprovider", *more]


@pytest.fixture
def run(project: Path, environment: dict[str, str]) -> Pytest:
    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words(*more),
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def outcomes(junit: Path) -> dict[str, str]:
    """Every test of a JUnit file, with its outcome."""
    return {
        case.attrib["name"]: next((kind for kind in _KINDS if case.find(kind) is not None), "pass")
        for case in ET.parse(junit).iter("testcase")
    }


_KINDS = ("failure", "error", "skipped")


def test_checks_stand_beside_the_vendors_own_tests_and_packages(run: Pytest, project: Path) -> None:
    marked = ("-m", "recspec_v2_4 or not recspec", "-k", "probe-twice or own or v2/methods")
    done = run("--recspec-target", "reference.toml", *marked, "--junitxml", "junit.xml")
    assert done.returncode == 0, done.stdout + done.stderr
    # -k would take a case that -m does not: it checks another clause.
    assert outcomes(project / "junit.xml") == {
        "test_own": "pass",
        "recorder/v2/probe-twice": "pass",
    }
    assert "core-v2   conformant" in done.stdout
    assert list((project / "recspec-results").glob("*/report.html"))


def test_workers_share_one_suite_and_a_defect_fails_its_own_item(
    run: Pytest, project: Path
) -> None:
    pytest.importorskip("xdist")
    target = profile(project, "mutant", "--mutant", "recorder-ends-at-unknown-frames")
    selected = ("test_own.py", PROBE, UNKNOWN_FRAMES, NO_EVENTS)
    out = ("--recspec-out", "out", "--junitxml", "junit.xml")
    done = run("-n", "2", "--recspec-target", target, *selected, *out)
    assert done.returncode == 1, done.stdout + done.stderr
    assert outcomes(project / "junit.xml") == {
        "test_own": "pass",
        "recorder/v2/probe": "pass",
        "recorder/hostile/h2-unknown": "failure",
        "recorder/events/none": "skipped",
    }
    failure = next(ET.parse(project / "junit.xml").iter("failure"))
    assert (failure.text or "").startswith("hostile-3: ")
    assert f"{NO_EVENTS}" in done.stdout
    assert "the target takes events" in done.stdout
    # One run of the suite left one folder, whoever waited for it.
    results = json.loads((project / "out" / "results.json").read_text())["results"]
    assert len(results) == 3


def test_a_broken_should_passes_with_a_warning(run: Pytest, project: Path) -> None:
    target = profile(project, "mutant", "--mutant", "recorder-hides-methods")
    done = run("--recspec-target", target, METHODS, "--junitxml", "junit.xml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RecspecWarning: v1-16: " in done.stdout
    told = {
        p.attrib["name"]: p.attrib["value"]
        for p in ET.parse(project / "junit.xml").iter("property")
    }
    assert told["recspec_warning"].startswith("v1-16: ")


def test_what_could_not_be_checked_is_an_error_with_the_reason(run: Pytest, project: Path) -> None:
    done = run("--recspec-target", "http://127.0.0.1:1", PROBE, "--junitxml", "junit.xml")
    assert done.returncode == 1
    assert outcomes(project / "junit.xml") == {"recorder/v2/probe": "error"}
    assert "nothing accepts connections at 127.0.0.1:1" in done.stdout
    assert "During handling" not in done.stdout


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("role", ["recorder", "client", "ssh-server"])
def test_nothing_is_left_of_a_run_that_ends_early(
    project: Path, environment: dict[str, str], role: str, number: signal.Signals
) -> None:
    target, done, going_on = "reference.toml", PROBE, IDLE
    if role != "recorder":
        target = client(project) if role == "client" else ssh_server(project)
        done, going_on = EXEC, SLOW
    selected = ("--recspec-target", target, done, going_on)
    process = subprocess.Popen(
        words(*selected),
        cwd=project,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        assert any(f"{done} PASSED" in line for line in said)
        assert len(list(tagged(environment))) > 2, "the target and all beside it run"
        process.send_signal(number)
        rest = said.read()
    assert process.wait(60) == (2 if number is signal.SIGINT else -number), rest
    deadline = time.monotonic() + 30
    while left := list(tagged(environment)):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    results = next((project / "recspec-results").glob("*/results.json"))
    statuses = {r["id"]: r["status"] for r in json.loads(results.read_text())["results"]}
    left_off = {done: "pass", going_on: "error"}
    assert statuses == {name.removeprefix("recspec::"): left_off[name] for name in left_off}


def tagged(environment: dict[str, str]) -> Iterator[str]:
    """The command lines of all processes that were started in this environment."""
    tag = f"RECSPEC_TEST={environment['RECSPEC_TEST']}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if tag in (process / "environ").read_bytes().split(b"\0"):
                yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it ended meanwhile, or is another user's
            continue


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--recspec-target", "nowhere.toml"), "nowhere.toml: No such file or directory"),
        (("--recspec-target", "reference.toml", "recspec::recorder/v3"), "recorder/v3: no such"),
    ],
)
def test_wrong_usage_is_one_clear_line(run: Pytest, arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 4
    assert said in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_without_its_option_it_brings_nothing_in() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import recspec.pytest_plugin;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert "recspec" in done.stdout.split()
    assert set(done.stdout.split()) <= {"recspec", *sys.stdlib_module_names}


# --- clients under test

SHELL, EXEC, SLOW = (f"recspec::basic/{name}" for name in ("v2-shell", "exec", "long-idle"))


def client(project: Path, *command: str) -> str:
    """Write the profile of a client: our own, or another command."""
    command = command or ("{python}", "-P", "-m", "fixtures.drivers.reference")
    text = f'name = "mine"\nrole = "client"\ncommand = {json.dumps(command)}\n'
    (project / "client.toml").write_text(text)
    return "client.toml"


def ssh_server(project: Path, *more: str) -> str:
    """Write the profile of an SSH server: our own, told its action by a file."""
    listen = ("--listen", "{host}:{port}", "--name", "{name}", "--action", "{action}")
    started = ("--shell", "/bin/sh", "--directory", "{directory}", *more)
    command = ("{python}", "-P", "-m", "recspec", "serve", "ssh-server", *listen, *started)
    text = f'name = "mine"\nrole = "ssh-server"\ncommand = {json.dumps(command)}\n'
    (project / "server.toml").write_text(text)
    return "server.toml"


def test_scenarios_are_items_of_an_ssh_server_and_a_defect_fails_its_own(
    run: Pytest, project: Path
) -> None:
    target = ssh_server(project, "--mutant", "never-rejects")
    chosen = (EXEC, "recspec::reject/both")
    done = run("--recspec-target", target, *chosen, "--junitxml", "junit.xml")
    assert done.returncode == 1, done.stdout + done.stderr
    assert outcomes(project / "junit.xml") == {"basic/exec": "pass", "reject/both": "failure"}


def test_scenarios_are_items_of_a_client_and_workers_share_one_play(
    run: Pytest, project: Path
) -> None:
    pytest.importorskip("xdist")
    chosen = ("-k", "test_own or v1-shell or reject/both or matrix/v2/reset/first-output/both")
    marked = ("-m", "not recspec or recspec_choose_16 or recspec_failure_1 or recspec_failure_2")
    target = ("--recspec-target", client(project), "--recspec-matrix")
    out = ("--recspec-out", "out", "--junitxml", "junit.xml")
    done = run("-n", "2", *target, *chosen, *marked, *out)
    assert done.returncode == 0, done.stdout + done.stderr
    found = outcomes(project / "junit.xml")
    assert set(found.values()) == {"pass"}
    assert {"test_own", "basic/v1-shell", "reject/both"} <= set(found)
    assert "matrix/v2/reset/first-output/both/1-of-1" in found
    results = json.loads((project / "out" / "results.json").read_text())["results"]
    assert {result["id"] for result in results} == set(found) - {"test_own"}


def test_the_matrix_is_there_when_it_is_asked_for(run: Pytest, project: Path) -> None:
    target = ("--recspec-target", client(project))
    collected = run(*target, "--collect-only", "-qq", "-m", "recspec").stdout
    assert f"{SHELL}\n" in collected
    assert "recspec::matrix/" not in collected
    whole = run(*target, "--recspec-matrix", "--collect-only", "-qq", "-m", "recspec_matrix").stdout
    assert "recspec::matrix/" in whole
    assert SHELL not in whole
    refused = run("--recspec-target", "reference.toml", "--recspec-matrix")
    assert refused.returncode == 4
    assert "the matrix is for clients and SSH servers" in refused.stderr


def test_a_driver_that_cannot_be_used_is_told_at_each_of_its_scenarios(
    run: Pytest, project: Path
) -> None:
    target = client(project, "/bin/sh", "-c", "echo I am broken >&2")
    done = run("--recspec-target", target, SHELL, "--junitxml", "junit.xml")
    assert done.returncode == 1
    assert outcomes(project / "junit.xml") == {"basic/v2-shell": "error"}
    assert "without an answer to 'hello'; its last words: I am broken" in done.stdout


# --- its parts


def test_two_options_do_not_print_on_stdout_at_once() -> None:
    command = [sys.executable, "-m", "recspec", "check", "recorder", "http://127.0.0.1:1"]
    done = subprocess.run(
        [*command, "--stream", "--json"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--stream and --json" in done.stderr


def test_our_packages_come_behind_the_standard_library_and_before_all_others() -> None:
    path = ["/lib/python", "/lib/python/site-packages", "/a/vendors/project", str(ROOT)]
    assert import_path(path, ["/lib/python/site-packages"]) == [
        "/lib/python",
        str(ROOT),
        "/lib/python/site-packages",
        "/a/vendors/project",
    ]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ('role = "client"', ("check", "client")),
        ('role = "ssh-server"', ("check", "client")),
        ('role = "recorder"', ("check", "recorder")),
        ("", ("check", "recorder")),
        ("role = [1]", ("check", "recorder")),
        ("no TOML at all", ("check", "recorder")),
    ],
)
def test_the_role_of_a_profile_says_which_command_checks_it(
    text: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "p.toml").write_text(text)
    assert command_for("p.toml", tmp_path) == command
    assert command_for("http://127.0.0.1:80", tmp_path) == ("check", "recorder")


def test_half_a_line_of_the_stream_is_left_until_it_is_whole(tmp_path: Path) -> None:
    judged = {
        "id": "recorder/a",
        "status": "pass",
        "duration_s": 1.5,
        "clauses": [],
        "findings": [],
    }
    line = json.dumps({"judged": judged}).encode() + b"\n"
    results = Results(tmp_path)
    stream = tmp_path / "stream.jsonl"
    stream.write_bytes(b'{"begun": {"folder": "out"}}\n' + line[:20])
    assert not results.has(["recorder/a"])
    assert results.begun == {"folder": "out"}
    with stream.open("ab") as file:
        file.write(line[20:])
    assert results.has(["recorder/a"])
    assert results.wait_for("recorder/a").duration_s == 1.5


def test_an_end_before_its_result_is_told_to_whoever_waits(tmp_path: Path) -> None:
    (tmp_path / "end.json").write_text(json.dumps({"status": 3, "words": "the disk is full"}))
    with pytest.raises(SuiteError, match="ended with 3 before this: the disk is full"):
        Results(tmp_path).wait_for("recorder/a")
    with pytest.raises(SuiteError, match="workers of this machine"):
        Results(tmp_path / "elsewhere").wait_for("recorder/a")
