"""The journal of a campaign: each seed's result as a JSON line, as soon as it is there.

The first line says which campaign it is and which code plays it; lines are only ever appended. A
process that is killed, or a disk that is full, can tear the last line: it is dropped when the
journal is opened again. Anything else that is wrong is refused.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from simulator.spread.work import Task

VERSION = 1
_SYNC_EACH_S = 1.0
"""How much of the work may be lost with the machine; with the process none is."""


class JournalError(ValueError):
    """A journal that cannot be continued; one line says where and why."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line."""

    journal: int = VERSION
    plan: str
    """The digest of the plan as it is, before anything is varied."""
    code: str
    """See `simulator.spread.code`."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    plan: str
    """The digest of the variant's plan."""
    seed: int
    tally: msgspec.Raw


class Journal:
    """A journal that is open for appending. A context manager."""

    def __init__(self, path: Path, header: Header) -> None:
        """Open it, or begin it; raises JournalError, or OSError when it cannot be written."""
        self.path = path
        self.done: dict[Task, bytes] = {}
        """What is in it: results as JSON."""
        self._file: BinaryIO = path.open("a+b", buffering=0)
        try:
            self._size = self._read(header)
            self._file.truncate(self._size)
            if not self._size:
                self._append(msgspec.json.encode(header) + b"\n")
        except BaseException:
            self._file.close()
            raise
        self._sync_at = time.monotonic() + _SYNC_EACH_S

    def __enter__(self) -> Journal:
        """Nothing more."""
        return self

    def __exit__(self, *_: object) -> None:
        """Put on disk what is not there yet. A journal without a result says nothing: it goes."""
        with suppress(OSError):
            os.fsync(self._file.fileno())
        self._file.close()
        if not self.done:
            self.path.unlink(missing_ok=True)

    def add(self, task: Task, result: bytes) -> None:
        """Append a result; raises OSError, with nothing half-written left behind if possible."""
        line = _Line(plan=task.variant, seed=task.seed, tally=msgspec.Raw(result))
        self._append(msgspec.json.encode(line) + b"\n")
        self.done[task] = result
        if time.monotonic() >= self._sync_at:
            os.fsync(self._file.fileno())
            self._sync_at = time.monotonic() + _SYNC_EACH_S

    def _append(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(self._size)
            raise
        self._size += len(line)

    def _read(self, header: Header) -> int:
        """Take in what is there; returns how many bytes of it are whole lines."""
        self._file.seek(0)
        whole = 0
        for number, line in enumerate(self._lines(), 1):
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            try:
                if number == 1:
                    _compare(msgspec.json.decode(line, type=Header), header)
                else:
                    self._add_read(msgspec.json.decode(line, type=_Line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise JournalError(
                    f"{self.path}:{number}: not a line of a journal: {error}"
                ) from None
            except ValueError as error:
                raise JournalError(f"{self.path}:{number}: {error}") from None
        return whole

    def _lines(self) -> list[bytes]:
        return self._file.read().splitlines(keepends=True)

    def _add_read(self, line: _Line) -> None:
        task, result = Task(line.plan, line.seed), bytes(line.tally)
        if self.done.setdefault(task, result) != result:
            raise ValueError(f"seed {task.seed} has two different results")


def _compare(found: Header, wanted: Header) -> None:
    if found.journal != wanted.journal:
        raise ValueError(f"a journal of version {found.journal}; this is recspec's {VERSION}")
    if found.plan != wanted.plan:
        raise ValueError("the journal of another plan; resume with that one, or give a new folder")
    if found.code != wanted.code:
        raise ValueError(
            "begun by other code (recspec, simpy or msgspec), which may count otherwise;"
            " give a new folder"
        )
