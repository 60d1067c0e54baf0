"""The model of the shell, held against the real one where both know a command."""

from __future__ import annotations

import subprocess

import pytest

from simulator.ssh_parties import Request
from simulator.virtual.clock import Clock, Dice
from simulator.virtual.command import HELD, PROMPT, VirtualCommand
from simulator.virtual.shell_syntax import NotModelledError

COMMANDS = [
    "echo one-''two 'a  b' \"c  d\"",
    "echo one; echo two >&2; exit 7",
    "printf 'a\\377\\376b\\303(\\n'; printf '\\nend\\n'",
    "false; echo $?; true && echo yes || echo no",
    "false || echo fell; false && echo never; echo $?",
    "yes 0123456789abcdef | head -c 100000; echo; echo end",
    "head -c 5000 /dev/zero | tr '\\0' y",
    "for i in 1 2 3; do echo $i; sleep 0.001; done",
    "seq 3; seq 9 12",
    "(echo in; exit 4); echo $?",
    "echo gone >/dev/null; echo err 2>&1 >/dev/null",
    "read x; echo got-$x; cat",
    "read a; read b; echo $b$a; exit",
    "tty; tty >/dev/null && echo terminal",
    "nohup echo a >/dev/null 2>&1; setsid echo b",
]
INPUT = b"first\nsecond\nthird"


class Owner:
    """Takes what a command writes."""

    def __init__(self, *, reads: bool = True) -> None:
        self.output: dict[str, bytes] = {"stdout": b"", "stderr": b""}
        self.status: int | None = None
        self.pieces: list[int] = []

    def command_output(self, data: bytes, stream: str) -> None:
        self.output[stream] += data
        self.pieces.append(len(data))

    def command_exited(self, status: int) -> None:
        assert self.status is None
        self.status = status


def started(clock: Clock, owner: Owner, command: str = "", *, pty: bool = False) -> VirtualCommand:
    request = Request(
        session="s",
        peer="p",
        channel=0,
        connection_id="c",
        ssh_user="u",
        shell="exec" if command else "shell",
        command=command,
        term="",
        pty=pty,
        width=80,
        height=24,
    )
    return VirtualCommand(clock, Dice("x"), request, owner)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_does_what_the_real_shell_does(command: str) -> None:
    real = subprocess.run(["/bin/sh", "-c", command], input=INPUT, capture_output=True, check=False)
    clock, owner = Clock(), Owner()
    running = started(clock, owner, command)
    running.write(INPUT)
    running.write_eof()
    clock.env.run(until=10**11)
    assert owner.status == real.returncode
    assert owner.output == {"stdout": real.stdout, "stderr": real.stderr}


def test_an_assignment_is_not_modelled() -> None:
    clock, owner = Clock(), Owner()
    started(clock, owner, "x=1")
    with pytest.raises((NotModelledError, KeyError)):
        clock.env.run(until=10**11)


def shown(*typed: bytes) -> tuple[bytes, int | None]:
    clock, owner = Clock(), Owner()
    running = started(clock, owner, pty=True)
    for keys in typed:
        clock.env.run(until=clock.now() + 10**9)
        running.write(keys)
    clock.env.run(until=clock.now() + 10**9)
    return owner.output["stdout"], owner.status


def test_a_terminal_echoes_and_ends_lines_with_crlf() -> None:
    output, status = shown(b"echo a\n", b"exit 3\n")
    assert output == PROMPT + b"echo a\r\na\r\n" + PROMPT + b"exit 3\r\n"
    assert status == 3


def test_a_terminal_that_does_not_echo_shows_nothing_of_what_is_typed() -> None:
    output, _ = shown(b"stty -echo; read s; stty echo; echo got\n", b"secret\n", b"exit\n")
    assert b"secret" not in output
    assert b"got\r\n" in output


def test_the_end_of_file_character_ends_a_shell() -> None:
    assert shown(b"false\n", b"\x04")[1] == 1


def test_a_window_is_as_large_as_it_was_made() -> None:
    clock, owner = Clock(), Owner()
    running = started(clock, owner, pty=True)
    running.resize(101, 37)
    running.write(b"stty size\n")
    clock.env.run(until=10**9)
    assert b"37 101\r\n" in owner.output["stdout"]


def test_a_command_whose_output_nobody_wants_stands_still() -> None:
    clock, owner = Clock(), Owner()
    running = started(clock, owner, "yes | head -c 1000000; echo end")
    running.set_reading(wanted=False)
    clock.env.run(until=10**10)
    assert (owner.pieces, owner.status) == ([], None)
    running.set_reading(wanted=True)
    clock.env.run(until=2 * 10**10)
    assert owner.status == 0
    assert len(owner.output["stdout"]) == 1_000_004
    assert max(owner.pieces) <= HELD


def test_a_command_that_is_hung_up_on_ends_by_the_signal() -> None:
    clock, owner = Clock(), Owner()
    running = started(clock, owner, "sleep 100; echo never")
    clock.env.run(until=10**9)
    running.hang_up()
    clock.env.run(until=2 * 10**9)
    assert owner.status == -1
    clock.env.run(until=10**12)
    assert owner.output["stdout"] == b""


def test_what_it_left_in_the_background_ends_with_it() -> None:
    clock, owner = Clock(), Owner()
    running = started(clock, owner, pty=True)
    running.write(b"(setsid sleep 5 &) ; nohup sleep 6 >/dev/null 2>&1 &\n")
    clock.env.run(until=10**9)
    running.end()
    assert owner.status == -1
    clock.env.run(until=10**12)  # nothing that was interrupted breaks
