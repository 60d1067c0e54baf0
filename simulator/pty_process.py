"""Real commands, on a real pty or on pipes, driven by the event loop.

The command leads a POSIX session of its own. With a pty its terminal is the controlling one, as
the session leader opens it first thing. Output is read only while it is wanted, so that a slow
reader stalls the command as a slow terminal would; the exit is reported after all output that
the command itself wrote. What it left running is ended with it (see `process_tree`).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import signal
import struct
import termios
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from conformance.wire import SECOND
from simulator.process_tree import LIMIT, end_tree, kill_group, started

HANGUP_GRACE = 0.5
"""Seconds between the hang-up and the kill."""

CHUNK = 32 * 1024
AFTER_EXIT = 1024 * 1024
"""Bytes still read of each stream after the command exited: what lies in the kernel's buffers.

Anything more comes from something else that holds the stream open."""

INPUT_HIGH = 64 * 1024
MARK = "RECSPEC_SESSION"
_END_OF_FILE = b"\x04"
_ENTER = 'cd -- "$0" 2>/dev/null; exec "$@"'
"""posix_spawn cannot change the directory, and a fork of a large server is dear."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. `size` is columns and rows of the pty, None means pipes."""

    argv: Sequence[str]
    env: Mapping[str, str]
    directory: str
    size: tuple[int, int] | None


class Owner(Protocol):
    """Who runs the command; all of it is called from the event loop, never from within a call."""

    def command_output(self, data: bytes, stream: str) -> None:
        """Take output; `stream` is ``stdout`` or ``stderr``."""

    def command_exited(self, status: int) -> None:
        """Take the exit status, minus the signal's number if one killed it."""

    def input_full(self, full: bool) -> None:
        """Hold back input (or not) as the command does not read it."""


class Command:
    """One running command."""

    def __init__(self, program: Program, owner: Owner) -> None:
        """Start it; OSError when that fails."""
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._mark = f"{MARK}={secrets.token_hex(8)}"
        self._outputs: dict[int, str] = {}
        self._budget: dict[int, int] = {}
        self._input = -1
        self._typed = bytearray()
        self._typed_end = False
        self._writing = False
        self._reading = False
        self._reported = False
        self._grace: asyncio.TimerHandle | None = None
        self._gone = self._loop.create_future()
        self.status: int | None = None
        self.terminal = ""
        self.is_pty = program.size is not None
        self.pid = self._start(program)
        self._started = started(self.pid)
        self._watch_exit()
        self.set_reading(wanted=True)

    # --- start ----------------------------------------------------------------------------------

    def _start(self, program: Program) -> int:
        if program.size is not None:
            return self._start_on_pty(program, program.size)
        given: list[int] = []
        try:
            stdin, self._input = os.pipe()
            given.append(stdin)
            for stream in ("stdout", "stderr"):
                fd, end = os.pipe()
                given.append(end)
                self._outputs[fd] = stream
            actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(given)]
            pid = self._spawn(program, actions, {})
        except OSError:
            self._close_all()
            raise
        finally:
            for fd in given:
                os.close(fd)
        for fd in (self._input, *self._outputs):
            os.set_blocking(fd, False)
        return pid

    def _start_on_pty(self, program: Program, size: tuple[int, int]) -> int:
        master, slave = os.openpty()
        self._input = master
        self._outputs[master] = "stdout"
        try:
            self.terminal = os.ttyname(slave)
            self.resize(*size)
            # Opened without O_NOCTTY by a session leader: it becomes the controlling terminal.
            actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
                (os.POSIX_SPAWN_OPEN, 0, self.terminal, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ]
            pid = self._spawn(program, actions, {"SSH_TTY": self.terminal})
        except OSError:
            self._close_all()
            raise
        finally:
            os.close(slave)
        os.set_blocking(master, False)
        return pid

    def _spawn(
        self, program: Program, actions: Sequence[tuple[object, ...]], more: Mapping[str, str]
    ) -> int:
        name, _, value = self._mark.partition("=")
        return os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", _ENTER, program.directory, *program.argv],
            {**program.env, **more, name: value},
            file_actions=[*actions, *((os.POSIX_SPAWN_CLOSE, fd) for fd in _inherited())],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP],
        )

    def _watch_exit(self) -> None:
        if hasattr(os, "pidfd_open"):
            self._exit_fd = os.pidfd_open(self.pid)
            self._loop.add_reader(self._exit_fd, self._reap)
        else:  # pragma: no cover - elsewhere than on Linux
            self._exit_fd = -1
            waiting = self._loop.run_in_executor(None, os.waitpid, self.pid, 0)
            waiting.add_done_callback(lambda done: self._exited(done.result()[1]))

    def _reap(self) -> None:
        self._loop.remove_reader(self._exit_fd)
        os.close(self._exit_fd)
        self._exit_fd = -1
        self._exited(os.waitpid(self.pid, 0)[1])

    # --- output ---------------------------------------------------------------------------------

    def set_reading(self, *, wanted: bool) -> None:
        """Read output, or leave it where it stalls the command."""
        if wanted == self._reading:
            return
        self._reading = wanted
        for fd in self._outputs:
            if wanted:
                self._loop.add_reader(fd, self._readable, fd)
            else:
                self._loop.remove_reader(fd)
        if wanted and self.status is not None:
            self._loop.call_soon(self._drain)

    def _readable(self, fd: int) -> None:
        if self.status is not None:
            self._drain()
            return
        data = self._read(fd)
        if data:
            self._owner.command_output(data, self._outputs[fd])
        elif data is not None:
            self._close_output(fd)

    def _read(self, fd: int) -> bytes | None:
        """Return some output, nothing at its end, None when there is none just now."""
        data = b""
        try:
            # A pty gives 4 KiB at a time at most.
            while len(data) < CHUNK:
                piece = os.read(fd, CHUNK - len(data))
                data += piece
                if not piece:
                    break
        except BlockingIOError:
            return data or None
        except OSError:
            # EIO: the last process closed the terminal.
            return data
        return data

    def _drain(self) -> None:
        """Read what the command wrote before it exited, as long as output is wanted."""
        while self._reading and self._outputs:
            fd, stream = next(iter(self._outputs.items()))
            data = self._read(fd)
            self._budget[fd] = self._budget.get(fd, AFTER_EXIT) - len(data or b"")
            if not data or self._budget[fd] <= 0:
                self._close_output(fd)
            if data:
                self._owner.command_output(data, stream)
        if not self._outputs and not self._reported and self.status is not None:
            self._reported = True
            self._owner.command_exited(self.status)

    def _exited(self, wait_status: int) -> None:
        self.status = os.waitstatus_to_exitcode(wait_status)
        if self._grace is not None:
            self._grace.cancel()
        self._gone.set_result(None)
        self._drain()

    def _close_output(self, fd: int) -> None:
        self._loop.remove_reader(fd)
        del self._outputs[fd]
        if fd == self._input:
            self._close_input()
        else:
            os.close(fd)

    # --- input, window, signals -----------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Type `data`; it waits here while the command does not read it."""
        if self._input < 0 or self._typed_end:
            return
        self._typed += data
        self._flush()
        if len(self._typed) > INPUT_HIGH:
            self._owner.input_full(True)

    def write_eof(self) -> None:
        """End the input; on a pty by typing its end-of-file character."""
        if self._input < 0 or self._typed_end:
            return
        if self.is_pty:
            self.write(_END_OF_FILE)
        else:
            self._typed_end = True
            self._flush()

    def _flush(self) -> None:
        try:
            while self._typed:
                del self._typed[: os.write(self._input, self._typed)]
        except BlockingIOError:
            if not self._writing:
                self._writing = True
                self._loop.add_writer(self._input, self._flush)
            return
        except OSError:
            # Nobody reads it any more.
            self._typed.clear()
            self._typed_end = not self.is_pty
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._input)
            self._owner.input_full(False)
        if self._typed_end:
            self._close_input()

    def _close_input(self) -> None:
        if self._input in self._outputs:
            return
        if self._input >= 0:
            self._loop.remove_writer(self._input)
            os.close(self._input)
            self._input = -1

    def resize(self, width: int, height: int) -> None:
        """Give the pty `width` columns and `height` rows (65535 at most)."""
        if self._input >= 0 and self._input in self._outputs:
            size = struct.pack("HHHH", min(height, 0xFFFF), min(width, 0xFFFF), 0, 0)
            fcntl.ioctl(self._input, termios.TIOCSWINSZ, size)

    def send_signal(self, number: int) -> None:
        """Send a signal to the foreground process group."""
        if self.status is None:
            kill_group(self._foreground(), number)

    def _foreground(self) -> int:
        if self.is_pty and self._input >= 0:
            with contextlib.suppress(OSError):
                return os.tcgetpgrp(self._input) or self.pid
        return self.pid

    # --- the end --------------------------------------------------------------------------------

    def hang_up(self) -> None:
        """Tell the command that the terminal is gone, and kill it if it stays."""
        if self.status is not None or self._grace is not None:
            return
        for group in {self.pid, self._foreground()}:
            kill_group(group, signal.SIGHUP)
            kill_group(group, signal.SIGCONT)
        self._grace = self._loop.call_later(HANGUP_GRACE, kill_group, self.pid)

    def silence(self) -> None:
        """Take no more output, not even what was written already."""
        self.set_reading(wanted=False)
        for fd in list(self._outputs):
            self._close_output(fd)
        self._close_input()

    async def end(self, *, thorough: bool) -> None:
        """Kill the command, if it lives, and all that it started with it; wait for it."""
        if self._grace is not None:
            self._grace.cancel()
        self.silence()
        await end_tree(
            self.pid,
            self._mark,
            thorough=thorough or self.status is None,
            since=self._started,
        )
        await asyncio.wait([self._gone], timeout=LIMIT / SECOND)

    def _close_all(self) -> None:
        for fd in {self._input, *self._outputs} - {-1}:
            os.close(fd)
        self._outputs.clear()
        self._input = -1


def _inherited() -> list[int]:
    """Return what of this process a command would inherit, beside the standard streams."""
    inherited = []
    for name in os.listdir("/dev/fd"):  # noqa: PTH208
        fd = int(name)
        # The folder itself was open while it was listed.
        with contextlib.suppress(OSError):
            if fd > 2 and os.get_inheritable(fd):
                inherited.append(fd)
    return inherited
