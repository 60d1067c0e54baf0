"""Recordings while they come in: one file each, locked while its recorder lives.

Both backends write what arrives into such a file. Its name carries the recorder's clock at the
opening, so that a recording gets the same name from whoever finishes it. The lock goes when the
process does, so a successor can tell a leftover from a recording of a recorder that is alive.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from simulator.storage import StorageError
from simulator.storage.naming import HEADER_LIMIT, HeaderLine, Name

T = TypeVar("T")

INLINE = 64 * 1024
"""Bytes that are written without leaving the event loop; more goes to a thread."""

RESERVE = 4096
"""Bytes that must be free for a recording to be accepted: at least its header."""


class Incoming:
    """One file that is being received."""

    def __init__(self, path: Path, fd: int, opened_at: int) -> None:
        self.path = path
        self.fd = fd
        self.opened_at = opened_at
        """The recorder's clock, nanoseconds of Unix time."""
        self.size = 0
        self._header = HeaderLine()
        self._name: Name | None = None
        self._running = 0
        self._closing = False

    @classmethod
    def create(cls, folder: Path, opened_at: int) -> Incoming:
        """Make the file and prove that it can be written; raises StorageError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path, fd = _create(folder, opened_at)
        except OSError as error:
            raise StorageError(f"cannot open a recording: {error}") from None
        try:
            os.posix_fallocate(fd, 0, RESERVE)
            os.ftruncate(fd, 0)
        except OSError as error:
            path.unlink(missing_ok=True)
            os.close(fd)
            raise StorageError(f"cannot write a recording: {error}") from None
        return cls(path, fd, opened_at)

    @property
    def name(self) -> Name | None:
        """What the recording is called, once its header line is here."""
        return self._name

    def named(self) -> Name:
        """Name the recording by what there is of its header line."""
        if self._name is None:
            self._name = self._header.name(self.opened_at)
        return self._name

    async def append(self, data: bytes) -> None:
        """Write `data` behind what is there, without holding up the event loop."""
        before = self.size
        try:
            if len(data) <= INLINE:
                self._write(data)
            else:
                await self.run(lambda: self._write(data))
        except OSError as error:
            raise StorageError(f"cannot write a recording: {error}") from None
        finally:
            written = self.size - before  # a full disk takes the beginning
            if self._name is None and self._header.feed(data[:written]):
                self.named()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.write(self.fd, view)
            self.size += written
            view = view[written:]

    async def sync(self) -> None:
        """Make sure that what was written outlives the machine."""
        try:
            await self.run(lambda: os.fsync(self.fd))
        except OSError as error:
            raise StorageError(f"cannot sync a recording: {error}") from None

    async def run(self, action: Callable[[], T], pool: Executor | None = None) -> T:
        """Run `action`, which uses the file, in a thread.

        The file is not closed before `action` is through, also when nobody waits for it any more:
        otherwise the thread could meet another recording under the same file descriptor.
        """
        future = asyncio.get_running_loop().run_in_executor(pool, action)
        self._running += 1
        future.add_done_callback(self._ran)
        return await asyncio.shield(future)

    def _ran(self, future: asyncio.Future[T]) -> None:
        if not future.cancelled():
            future.exception()  # whoever still waits gets it; nobody else needs to know
        self._running -= 1
        if self._closing:
            self.close()

    def close(self) -> None:
        """Unlock and close the file; it stays where it is."""
        self._closing = True
        if self.fd >= 0 and not self._running:
            os.close(self.fd)
            self.fd = -1

    def remove(self) -> None:
        """Delete and close the file; raises OSError when it cannot be deleted."""
        try:
            self.path.unlink(missing_ok=True)
        finally:
            self.close()


def _create(folder: Path, opened_at: int) -> tuple[Path, int]:
    """Create and lock a file of our own.

    Two recordings may be opened in one nanosecond. And a neighbour that looks for leftovers may
    come between the creation and the lock: it takes the empty file for one and removes it.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    number = 0
    while True:
        path = folder / f"{opened_at}-{os.getpid()}-{number}"
        number += 1
        try:
            fd = os.open(path, flags, 0o600)
        except FileExistsError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_nlink:
                return path, fd
        except BlockingIOError:
            pass
        except OSError:
            os.close(fd)
            raise
        os.close(fd)


def leftovers(folder: Path) -> Iterator[Incoming]:
    """Yield the files in `folder` that no living recorder holds, each locked, named and sized.

    Files that are not ours are left alone. Whoever takes one must `close` or `remove` it.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        opened_at = path.name.partition("-")[0]
        if opened_at.isdecimal() and not path.suffix:
            found = _taken_over(path, int(opened_at))
            if found is not None:
                yield found


def _taken_over(path: Path, opened_at: int) -> Incoming | None:
    try:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    except OSError:
        return None
    found = Incoming(path, fd, opened_at)
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found.size = os.fstat(fd).st_size
        found._header.feed(os.pread(fd, HEADER_LIMIT + 1, 0))  # noqa: SLF001 - its own module
        found.named()
        return found
    found.close()
    return None
