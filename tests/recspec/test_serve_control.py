"""`recspec serve control`, as a process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from conformance.history import ActionServed, ControlReceived, End, NoticeReceived, from_lines

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "fixtures" / "policies"
TAILNET = str(POLICIES / "good" / "tailnet.hujson")
DEADLINE = 30.0
PROGRAM = (
    "import typer\n"
    "from recspec.serve_control import control\n"
    "app = typer.Typer()\n"
    "app.command()(control)\n"
    "app()\n"
)


def command(*args: str, nodes: str = "nodes.json", policy: str = TAILNET) -> list[str]:
    files = ["--policy", policy, "--nodes", str(POLICIES / nodes)]
    return [sys.executable, "-c", PROGRAM, *files, *args]


def refused(*args: str, **files: str) -> tuple[int, str]:
    done = subprocess.run(
        command(*args, **files),
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@contextmanager
def serving(*args: str, nodes: str = "nodes.json") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    with subprocess.Popen(
        command("--listen", "127.0.0.1:0", *args, nodes=nodes),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert line.startswith("control listening on 127.0.0.1:")
            yield "http://" + line.split()[-1], process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("nodes", ["nodes.json", "nodes.yaml"])
def test_it_serves_until_it_is_told_to_stop(number: signal.Signals, nodes: str) -> None:
    with serving("--json", nodes=nodes) as (url, process):
        asked = f"{url}/ssh/action?peer=100.64.0.1&destination=prod-1&ssh_user=ubuntu"
        with urlopen(asked, timeout=DEADLINE) as answer:
            assert json.load(answer)["action"]["accept"]
        put = Request(f"{url}/policy", data=b'{"ssh": []}', method="PUT")
        with urlopen(put, timeout=DEADLINE) as answer:
            assert json.load(answer) == {"rules": 0}
        with urlopen(f"{url}/ssh/notify/1", data=b"{}", timeout=DEADLINE) as answer:
            assert answer.status == 201
        process.send_signal(number)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (0, "")
    kinds = [type(event.what) for event in from_lines(out.encode())]
    assert kinds == [ActionServed, ControlReceived, NoticeReceived, End]


def test_a_port_that_is_taken_is_3() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        status, error = refused("--listen", listen)
    assert status == 3
    assert error == f"--listen {listen}: taken already\n"


@pytest.mark.parametrize("listen", ["8080", ":8080", "localhost:http", "localhost:70000", "x:²"])
def test_an_address_that_is_none_is_2(listen: str) -> None:
    status, error = refused("--listen", listen)
    assert status == 2
    assert error == f"--listen {listen}: write HOST:PORT, like 127.0.0.1:8080\n"


def test_files_that_cannot_be_read_are_2() -> None:
    hostile = str(POLICIES / "hostile" / "recorders-key.hujson")
    status, error = refused(policy=hostile)
    assert (status, error.count("\n")) == (2, 1)
    assert error.startswith(f"{hostile}:5:4: unknown key")
    assert 'did you mean "recorder"?' in error
    nodes = POLICIES / "missing.json"
    assert refused(nodes="missing.json") == (
        2,
        f"{nodes}: cannot be read: No such file or directory\n",
    )
