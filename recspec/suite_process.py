"""A check in a process of its own: started once, its results read by whoever waits for one.

`SuiteProcess` starts `recspec.isolated` and looks after it. What it streams goes into a file, so it
never waits for a reader, and the workers of a distributed test run read it just as well: `Results`.
Only the standard library is imported here: this runs in a vendor's own process.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_ISOLATED = Path(__file__).with_name("isolated.py")
_STREAM, _LOG, _END = "stream.jsonl", "log", "end.json"
_LIST_S = 120.0
_WRITE_S = 60.0
"""Seconds that it may take to write its reports, and to clear away when it is asked to stop."""
_LOOK_S = 0.02
_SILENT_S = 900.0
"""Seconds without a result after which it is given up: no case takes as long, three takes of it."""
_LAST_LINES = 20

_COMMANDS = {"client": ("check", "client"), "ssh-server": ("check", "client")}
_OF_RECORDERS = ("check", "recorder")


class SuiteError(Exception):
    """The suite could not be listed or played; the message says why."""


class Case(NamedTuple):
    """One thing that is checked."""

    id: str
    title: str
    level: str
    clauses: tuple[str, ...]


class Judged(NamedTuple):
    """What came of a case, as the stream tells it (`recspec.streaming`)."""

    status: str
    duration_s: float
    clauses: tuple[str, ...]
    findings: tuple[dict[str, Any], ...]


class End(NamedTuple):
    """How the process ended."""

    status: int
    words: str
    """Its last words on standard error."""


def command_for(target: str, folder: Path) -> tuple[str, ...]:
    """Return the command that checks a target, by the role that its profile says.

    A profile that cannot be read is left to the command, which says what is wrong with it.
    """
    if "://" in target:
        return _OF_RECORDERS
    try:
        role = tomllib.loads((folder / target).read_text("utf-8")).get("role")
    except (OSError, ValueError):
        role = None
    return _COMMANDS.get(role, _OF_RECORDERS) if isinstance(role, str) else _OF_RECORDERS


class Results:
    """Reads what a check streams into a folder; every process that waits has one of its own."""

    def __init__(self, folder: Path) -> None:
        self.begun: dict[str, Any] = {}
        self.ended: dict[str, Any] = {}
        self._folder = folder
        self._judged: dict[str, Judged] = {}
        self._read = 0

    def wait_for(self, case: str) -> Judged:
        """Wait for the result of a case. Raises SuiteError when there will be none."""
        if not self._folder.is_dir():
            raise SuiteError(f"{self._folder} is not here: recspec needs workers of this machine")
        heard = time.monotonic()
        while True:
            end = self.end()  # before reading: what was written by then is read
            if self.read():
                heard = time.monotonic()
            if case in self._judged:
                return self._judged[case]
            if end is not None:
                raise SuiteError(f"the suite ended with {end.status} before this: {end.words}")
            if time.monotonic() - heard > _SILENT_S:
                raise SuiteError(f"the suite had no result in {_SILENT_S:.0f} s")
            time.sleep(_LOOK_S)

    def has(self, cases: Iterable[str]) -> bool:
        """Tell whether all of these were judged."""
        self.read()
        return self._judged.keys() >= set(cases)

    def end(self) -> End | None:
        """Return how the process ended, once it has."""
        try:
            return End(**json.loads((self._folder / _END).read_bytes()))
        except FileNotFoundError:
            return None

    def read(self) -> bool:
        """Read on to the last line that is whole; tell whether there was one."""
        try:
            with (self._folder / _STREAM).open("rb") as stream:
                stream.seek(self._read)
                news, newline, _ = stream.read().rpartition(b"\n")
        except FileNotFoundError:
            return False
        self._read += len(news) + len(newline)
        for line in news.splitlines():
            self._take(json.loads(line))
        return bool(newline)

    def _take(self, line: dict[str, Any]) -> None:
        if "judged" in line:
            told = line["judged"]
            self._judged[told["id"]] = Judged(
                told["status"], told["duration_s"], tuple(told["clauses"]), tuple(told["findings"])
            )
        self.begun = line.get("begun", self.begun)
        self.ended = line.get("ended", self.ended)


class SuiteProcess:
    """Lists the cases of a check, and plays some of them in one process.

    `cwd` is where it runs, `folder` a folder of its own for what it says. With `matrix`, what
    could be played is the library of scenarios and the generated matrix; recorders have neither.
    """

    def __init__(
        self,
        target: str,
        cwd: Path,
        folder: Path,
        out: str | None = None,
        *,
        matrix: bool = False,
    ) -> None:
        self.target = target
        self.command = command_for(target, cwd)
        self.folder = folder
        self._out = ("--out", out) if out else ()
        self._matrix = matrix
        self._cwd = cwd
        self._env = dict(os.environ)  # as it is now: tests may change it
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: threading.Thread | None = None

    def cases(self) -> list[Case]:
        """Return everything that could be played. Raises SuiteError."""
        if self._matrix and self.command == _OF_RECORDERS:
            raise SuiteError("the matrix is for clients and SSH servers, and this is a recorder")
        more = ("--matrix",) if self._matrix else ()
        listing = self.folder / "list.json"
        process = self._start([*self.command, self.target, "--list", *more], listing)
        try:
            status = process.wait(_LIST_S)
        except subprocess.TimeoutExpired:
            raise SuiteError(f"{self._named}: no list within {_LIST_S:.0f} s") from None
        finally:
            _kill(process)
        if status:
            raise SuiteError(self._words(status))
        return [
            Case(case["id"], case["title"], case["level"], tuple(case["clauses"]))
            for case in json.loads(listing.read_bytes())
        ]

    def start(self, cases: Sequence[str]) -> None:
        """Begin to play these cases, all in one process. Once is enough: later calls do nothing."""
        if self._process is not None:
            return
        only = [word for case in cases for word in ("--only", case)]
        words = [*self.command, self.target, "--stream", *self._out, *only]
        self._process = self._start(words, self.folder / _STREAM)
        self._watch = threading.Thread(target=self._until_over, args=(self._process,), daemon=True)
        self._watch.start()

    def end(self, *, stop: bool) -> None:
        """Wait until it is over; with `stop`, ask it to stop first. Nothing of it is left."""
        if self._process is None or self._watch is None:
            return
        try:
            if stop:
                self._process.terminate()
            self._watch.join(_WRITE_S)
        finally:
            _kill(self._process)
        self._watch.join()

    def _start(self, words: Sequence[str], output: Path) -> subprocess.Popen[bytes]:
        with output.open("wb") as out, (self.folder / _LOG).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-I", str(_ISOLATED), *words],
                stdin=subprocess.PIPE,  # closed when we die: then it stops
                stdout=out,
                stderr=log,
                cwd=self._cwd,
                env=self._env,
                start_new_session=True,  # a Ctrl-C is ours alone; we ask it to stop
            )

    def _until_over(self, process: subprocess.Popen[bytes]) -> None:
        """Leave word of the end for all that wait, in one step."""
        status = process.wait()
        words = self._words(status)
        new = self.folder / f"{_END}.new"
        new.write_text(json.dumps({"status": status, "words": words}))
        new.replace(self.folder / _END)

    def _words(self, status: int) -> str:
        """Return what it said last: one line, or more of it when it broke."""
        said = (self.folder / _LOG).read_text("utf-8", "replace").strip().splitlines()
        lines = _LAST_LINES if status not in (0, 1, 2, 3) or _broke(said) else 1
        return "\n".join(said[-lines:]) or f"{self._named} ended with {status} and said nothing"

    @property
    def _named(self) -> str:
        return " ".join(("recspec", *self.command))


def _broke(said: list[str]) -> bool:
    return any(line.startswith("Traceback ") for line in said)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # nothing happens when it is over
    process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
