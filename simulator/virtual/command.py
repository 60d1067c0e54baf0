"""Commands in virtual time: a shell that knows what scenarios use, on a terminal or on pipes.

The shell runs as a SimPy process. Its output waits here while nobody wants to read it, which stalls
it, as a pipe does. On a terminal the line discipline echoes what is typed and ends lines with CRLF.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

import simpy

from simulator.ssh_parties import Request
from simulator.virtual import programs
from simulator.virtual import shell_syntax as syntax
from simulator.virtual.clock import MICROSECOND, MILLISECOND, Clock, Dice, Steps
from simulator.virtual.shell_syntax import NotModelledError

PROMPT = b"$ "
HELD = 1 << 16
"""Bytes of output that may wait to be read before the writer has to."""
HUNG_UP = -1
"""What a command that was hung up on ends with: minus SIGHUP."""
_END_OF_FILE = b"\x04"


class Owner(Protocol):
    """Who runs the command."""

    def command_output(self, data: bytes, stream: str) -> None:
        """Take output."""

    def command_exited(self, status: int) -> None:
        """Take the exit status."""


class _ExitError(Exception):
    """The shell is told to exit."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class VirtualCommand:
    """One running command; see `simulator.ssh_parties.Running`."""

    def __init__(self, clock: Clock, dice: Dice, request: Request, owner: Owner) -> None:
        self._clock = clock
        self._dice = dice
        self._owner = owner
        self._pty = request.pty
        self._size = (request.width, request.height)
        self._echo = True
        self._line = bytearray()
        self._lines: deque[bytes] = deque()
        self._input_over = False
        self._typed: simpy.Event | None = None
        self._output: deque[tuple[bytes, str]] = deque()
        self._held = 0
        self._wanted = True
        self._room: simpy.Event | None = None
        self._drained: simpy.Event | None = None
        self._over = False
        self._variables: dict[str, str] = {"?": "0"}
        self._outputs = {1: "stdout", 2: "stdout" if self._pty else "stderr"}
        self._children: list[simpy.Process] = []
        body = self._interactive() if request.shell == "shell" else self._run(request.command)
        self._shell = clock.run(self._main(body))

    # --- what the session does ------------------------------------------------------------------

    def set_reading(self, *, wanted: bool) -> None:
        """Read output, or leave it where it stalls the command."""
        self._wanted = wanted
        self._give()

    def resize(self, width: int, height: int) -> None:
        """Change the window."""
        self._size = (width, height)

    def write(self, data: bytes) -> None:
        """Type: the terminal echoes it, and gives it to whoever reads line by line."""
        *parts, last = data.split(_END_OF_FILE) if self._pty else [data]
        for part in parts:
            self._keys(part)
            self._lines.append(bytes(self._line))
            self._line.clear()
        self._keys(last)
        self._wake()

    def _keys(self, keys: bytes) -> None:
        if self._pty and self._echo:
            self._put(keys.replace(b"\n", b"\r\n"), "stdout")
        self._line += keys
        self._cut_lines()

    def _cut_lines(self) -> None:
        while (end := self._line.find(b"\n")) >= 0:
            self._lines.append(bytes(self._line[: end + 1]))
            del self._line[: end + 1]

    def write_eof(self) -> None:
        """End the input; on a terminal by its end-of-file character."""
        if self._pty:
            self.write(_END_OF_FILE)
            return
        self._input_over = True
        if self._line:
            self._lines.append(bytes(self._line))
            self._line.clear()
        self._wake()

    def hang_up(self) -> None:
        """Tell the command that the terminal is gone: it ends."""
        self._clock.later(self._dice.between(MILLISECOND, 3 * MILLISECOND), self.end)

    def end(self) -> None:
        """Kill it and all that it started; what it wrote so far is not heard any more."""
        for child in self._children:
            if child.is_alive and child is not self._clock.env.active_process:
                child.interrupt()
        if not self._over:
            self._over = True
            self._output.clear()
            if self._shell.is_alive:
                self._shell.interrupt()
            self._owner.command_exited(HUNG_UP)

    # --- output ---------------------------------------------------------------------------------

    def _put(self, data: bytes, stream: str) -> None:
        if data and not self._over:
            self._output.append((data, stream))
            self._held += len(data)
            self._give()

    def _give(self) -> None:
        """Hand on what waits, for as long as it is wanted; each piece may change that."""
        while self._wanted and self._output:
            data, stream = self._output.popleft()
            self._held -= len(data)
            self._owner.command_output(data, stream)
        if self._room is not None and self._held <= HELD:
            room, self._room = self._room, None
            room.succeed()
        if self._drained is not None and not self._output:
            drained, self._drained = self._drained, None
            drained.succeed()

    def _write(self, data: bytes, to: str) -> Steps:
        """Write to a stream, and wait while nobody reads."""
        if not to:
            return
        self._put(data.replace(b"\n", b"\r\n") if self._pty else data, to)
        while self._held > HELD:
            self._room = self._clock.event()
            yield self._room
        yield self._clock.wait(self._dice.between(10 * MICROSECOND, 60 * MICROSECOND))

    # --- the shell ------------------------------------------------------------------------------

    def _main(self, body: Steps) -> Steps:
        try:
            yield self._clock.wait(self._dice.between(MILLISECOND, 4 * MILLISECOND))
            status = yield from body
            if self._output:
                self._drained = self._clock.event()
                yield self._drained
        except simpy.Interrupt:
            return
        self._over = True
        self._owner.command_exited(status)

    def _run(self, text: str) -> Steps:
        try:
            status = yield from self._script(syntax.read(text), self._outputs)
        except _ExitError as leaving:
            return leaving.status
        return status

    def _interactive(self) -> Steps:
        status = 0
        while True:
            yield from self._write(PROMPT, self._outputs[2])
            line = yield from self._read_line()
            if not line:
                return status
            try:
                status = yield from self._script(syntax.read(line.decode()), self._outputs)
            except _ExitError as leaving:
                return leaving.status

    def _read_line(self) -> Steps:
        """Return the next line of the input; nothing at its end."""
        while not self._lines and not self._input_over:
            self._typed = self._clock.event()
            yield self._typed
        return self._lines.popleft() if self._lines else b""

    def _wake(self) -> None:
        typed, self._typed = self._typed, None
        if typed is not None:
            typed.succeed()

    def _script(self, script: syntax.Script, outputs: dict[int, str]) -> Steps:
        status = 0
        for job in script.jobs:
            if job.background:
                self._children.append(self._clock.run(self._background(job, outputs)))
                status = 0
            else:
                status = yield from self._and_or(job, outputs)
            self._variables["?"] = str(status)
        return status

    def _background(self, job: syntax.AndOr, outputs: dict[int, str]) -> Steps:
        try:
            yield from self._and_or(job, outputs)
        except (simpy.Interrupt, _ExitError):
            return

    def _and_or(self, job: syntax.AndOr, outputs: dict[int, str]) -> Steps:
        status = yield from self._pipeline(job.first, outputs)
        for operator, pipeline in job.rest:
            if (status == 0) == (operator == "&&"):
                status = yield from self._pipeline(pipeline, outputs)
        return status

    def _pipeline(self, pipeline: syntax.Pipeline, outputs: dict[int, str]) -> Steps:
        yield self._clock.wait(self._dice.between(20 * MICROSECOND, 2 * MILLISECOND))
        if len(pipeline.commands) == 1:
            status = yield from self._command(pipeline.commands[0], outputs)
            return status
        data: Iterable[bytes] = ()
        for command in pipeline.commands:
            assert isinstance(command, syntax.Simple)  # playable says so before
            name, *args = self._fields(command.words)
            data = programs.FILTERS[name](args, data, self._dice)
        yield from self._write_all(data, outputs[1])
        return 0

    def _write_all(self, data: Iterable[bytes], to: str) -> Steps:
        for piece in programs.pieces(data):
            yield from self._write(piece, to)

    def _command(self, command: syntax.Command, outputs: dict[int, str]) -> Steps:
        match command:
            case syntax.Loop(name=name, words=words, body=body):
                status = 0
                for value in self._fields(words):
                    self._variables[name] = value
                    status = yield from self._script(body, outputs)
            case syntax.Group(body=body, redirects=redirects):
                try:
                    status = yield from self._script(body, _redirected(outputs, redirects))
                except _ExitError as leaving:  # of the subshell alone
                    status = leaving.status
            case syntax.Simple(words=words, redirects=redirects):
                fields = list(self._fields(words))
                while fields and fields[0] in programs.PREFIXES:
                    fields.pop(0)
                status = yield from self._simple(fields, _redirected(outputs, redirects))
        return status

    def _simple(self, fields: list[str], outputs: dict[int, str]) -> Steps:
        name, *args = fields
        match name:
            case "exit":
                raise _ExitError(int(args[0]) if args else int(self._variables["?"]))
            case "true" | ":":
                return 0
            case "false":
                return 1
            case "sleep":
                yield self._clock.wait(programs.duration(args))
                return 0
            case "read":
                line = yield from self._read_line()
                self._variables[args[0]] = line.decode("utf-8", "replace").strip(" \t\n")
                return 0 if line.endswith(b"\n") else 1
            case "tty":
                yield from self._write(b"/dev/pts/0\n" if self._pty else b"not a tty\n", outputs[1])
                return 0 if self._pty else 1
            case "stty":
                status = yield from self._stty(args, outputs)
                return status
            case "cat":
                while line := (yield from self._read_line()):
                    yield from self._write(line, outputs[1])
                return 0
            case _:
                yield from self._write_all(programs.FILTERS[name](args, (), self._dice), outputs[1])
                return 0

    def _stty(self, args: list[str], outputs: dict[int, str]) -> Steps:
        if not self._pty:
            yield from self._write(b"stty: Inappropriate ioctl for device\n", outputs[2])
            return 1
        match args:
            case ["size"]:
                width, height = self._size
                yield from self._write(b"%d %d\n" % (height, width), outputs[1])
            case ["-echo"]:
                self._echo = False
            case ["echo"]:
                self._echo = True
            case _:
                raise NotModelledError(f"stty {' '.join(args)} is not modelled")
        return 0

    def _fields(self, words: Iterable[syntax.Word]) -> Iterator[str]:
        """Put variables in, and split what they held where they are not quoted."""
        for word in words:
            text, there = "", False
            for part in word:
                value = self._variables.get(part.text, "") if part.variable else part.text
                if part.variable and not part.quoted and (" " in value or "\t" in value):
                    raise NotModelledError("a variable that is split into words is not modelled")
                text += value
                there = there or part.quoted or not part.variable or bool(value)
            if there:
                yield text


def _redirected(outputs: dict[int, str], redirects: Iterable[syntax.Redirect]) -> dict[int, str]:
    """Return where the streams lead after some redirections; nowhere is an empty name."""
    led = dict(outputs)
    for redirect in redirects:
        led[redirect.fd] = led[redirect.to] if redirect.to is not None else ""
    return led
