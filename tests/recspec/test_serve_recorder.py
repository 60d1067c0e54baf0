"""`recspec serve recorder` as a process: what it says, how it ends, and what a kill leaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.peer import H2Peer

HEADER = b'{"version":2,"timestamp":1600000000,"srcNodeID":"n1"}\n'

COMMAND = (
    "import typer; from recspec.serve_recorder import serve_recorder_command as command;"
    "typer.run(command)"
)

QUICK_ACKS = (
    "import recspec.serve_recorder as s; from functools import partial;"
    "from conformance.wire import Timers;"
    "s.RecorderConfig = partial(s.RecorderConfig, timers=Timers(ack_cadence=50_000_000));"
)


def start(*options: str, before: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", before + COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def test_the_command_says_where_it_listens_and_ends_on_sigterm(tmp_path: Path) -> None:
    with start("--listen", "127.0.0.1:0", "--storage", str(tmp_path), "--json") as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith(b"recorder listening on 127.0.0.1:")
        address = line.split()[-1].decode()
        with start("--listen", address, "--storage", str(tmp_path)) as second:
            out, err = second.communicate(timeout=30)
            assert (second.returncode, out) == (3, b"")
            assert err.count(b"\n") == 1
            assert b"taken" in err
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err == b""
    kinds = [json.loads(text)["what"]["kind"] for text in out.splitlines()]
    assert kinds == ["recorder-listening", "end"]


def listening(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr is not None
    return process.stderr.readline().split()[-1].decode()


def test_what_was_acked_survives_a_kill_and_a_restart(tmp_path: Path) -> None:
    data = HEADER + b'[1,"o","x"]\n' * 1000

    async def upload(address: str, process: subprocess.Popen[bytes]) -> None:
        peer = await H2Peer.connect(address)
        stream = peer.request("POST", "/v2/record")
        await peer.send(stream, data)
        await peer.until(lambda: b":%d}" % len(data) in peer.answers[stream].body)
        process.kill()
        await peer.until(lambda: peer.closed)
        await peer.close()

    options = ("--listen", "127.0.0.1:0", "--storage", str(tmp_path))
    with start(*options, before=QUICK_ACKS) as process:
        asyncio.run(upload(listening(process), process))
    with start(*options) as process:
        listening(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert path.parent.name == "n1"
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    "options",
    [
        ("--listen", "nowhere"),
        ("--listen", "127.0.0.1:70000"),
        ("--storage", "/dev/null"),
        ("--storage", "s3://"),
        ("--mutant", "nobody"),
    ],
)
def test_the_command_refuses_wrong_usage_in_one_line(options: tuple[str, ...]) -> None:
    with start("--listen", "127.0.0.1:0", *options) as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert out == b""
    assert err.count(b"\n") == 1
    assert options[0].encode() in err
