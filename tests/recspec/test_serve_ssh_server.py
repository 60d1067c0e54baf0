"""`recspec serve ssh-server`: bad input in process, serving and stopping as a process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from conformance.history import CommandExited, End, Event, Left, from_lines
from recspec.serve_ssh_server import ssh_server

ROOT = Path(__file__).parents[2]
DEADLINE = 30.0
ANYWHERE = ("--listen", "127.0.0.1:0")
app = typer.Typer()
app.command()(ssh_server)


def refused(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*args])
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.exit_code, done.stderr


@pytest.fixture
def action(tmp_path: Path) -> Path:
    path = tmp_path / "action.json"
    path.write_text('{"accept": true}')
    return path


@pytest.mark.parametrize(("text", "place"), [
    ("{", "truncated"),
    ("[]", "object"),
    ('{"accept": 1}', "$.accept"),
    ('{"accept": true, "recorders": ["10.0.0.1:80", 7]}', "$.recorders[1]"),
    ('{"accept": true, "recorders": ["10.0.0.1:80", "recorder"]}', "recorders[1]"),
    ('{"accept": true, "onRecordingFailure": {"NotifyURL": 1}}', "$.onRecordingFailure.NotifyURL"),
    ('{"recorders": []}', "accept"),
])  # fmt: skip
def test_a_bad_action_is_named_with_file_and_field(action: Path, text: str, place: str) -> None:
    action.write_text(text)
    status, said = refused(*ANYWHERE, "--action", str(action))
    assert status == 2
    assert str(action) in said
    assert place in said
    assert len(said.splitlines()) == 1


def test_an_action_file_that_is_not_there(tmp_path: Path) -> None:
    status, said = refused(*ANYWHERE, "--action", str(tmp_path / "none"))
    assert status == 2
    assert said == f"{tmp_path / 'none'}: No such file or directory\n"


def test_a_policy_is_needed() -> None:
    assert refused(*ANYWHERE)[0] == 2


@pytest.mark.parametrize("listen", ["2222", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000"])
def test_a_bad_address(action: Path, listen: str) -> None:
    status, said = refused("--listen", listen, "--action", str(action))
    assert status == 2
    assert "HOST:PORT" in said


def test_a_bad_control_url() -> None:
    status, said = refused(*ANYWHERE, "--control", "127.0.0.1:80")
    assert status == 2
    assert "http://" in said


def test_an_unknown_mutant_is_named_with_those_there_are(action: Path) -> None:
    status, said = refused(*ANYWHERE, "--action", str(action), "--mutant", "kind")
    assert status == 2
    assert "kind" in said
    assert "fails-open-when-enforced" in said


@pytest.mark.parametrize("there", [True, False])
def test_a_host_key_that_is_none(action: Path, tmp_path: Path, there: bool) -> None:
    key = tmp_path / "key"
    if there:
        key.write_text("no key")
    status, said = refused(*ANYWHERE, "--action", str(action), "--host-key", str(key))
    assert status == 2
    assert str(key) in said


def test_a_port_that_is_taken(action: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        status, said = refused("--listen", listen, "--action", str(action))
    assert status == 3
    assert listen in said
    assert len(said.splitlines()) == 1


@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_writes_its_history_and_stops(action: Path, number: signal.Signals) -> None:
    program = "from recspec.cli import main; main()"
    args = [*ANYWHERE, "--action", str(action), "--shell", "/bin/sh", "--json", "--name", "box"]
    with subprocess.Popen(
        [sys.executable, "-c", program, "serve", "ssh-server", *args],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline().decode()
            assert line.startswith("ssh-server listening on 127.0.0.1:")
            port = line.strip().rpartition(":")[2]
            user = subprocess.run(
                [sys.executable, "-c", USER, port],
                check=False,
                capture_output=True,
                timeout=DEADLINE,
            )
            assert user.stdout == b"hello 7\n", user.stderr
            process.send_signal(number)
            out, err = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    assert process.returncode == 0
    assert err == b""
    events: tuple[Event, ...] = from_lines(out)
    assert {event.observer for event in events} == {"server"}
    assert [event.seq for event in events] == list(range(len(events)))
    assert [e.what.status for e in events if isinstance(e.what, CommandExited)] == [7]
    assert sum(isinstance(event.what, Left) for event in events) == 1
    assert isinstance(events[-1].what, End)


USER = """
import asyncio, sys, asyncssh

async def main():
    async with asyncssh.connect(
        "127.0.0.1", int(sys.argv[1]), username="ann", known_hosts=None, config=None,
        client_keys=None, agent_path=None,
    ) as connection:
        done = await connection.run("printf hello; exit 7")
        print(done.stdout, done.exit_status)

asyncio.run(main())
"""
