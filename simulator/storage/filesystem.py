"""Recordings in a directory: ``base/NodeID/TIME.cast``.

A recording comes in as ``base/.incoming/…``, so a disk that cannot be written refuses it at the
start. As soon as the header line is known the file is linked to its final name, which fails when
the name is taken: nothing is ever overwritten. What a killed recorder left behind is linked at the
next start (D9). While a session runs its recording can be read under its name already.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from simulator.overlay import Overlay
from simulator.storage import StorageError
from simulator.storage.incoming import Incoming, leftovers
from simulator.storage.naming import Name

INCOMING = ".incoming"


def link(source: Path, base: Path, name: Name) -> Path:
    """Link `source` to `name` or the next free name after it; raises StorageError."""
    try:
        (base / name.node).mkdir(parents=True, exist_ok=True)
        while True:
            target = base / name.path
            try:
                os.link(source, target)
            except FileExistsError:
                name = name.following()
            else:
                return target
    except OSError as error:
        raise StorageError(f"cannot name a recording: {error}") from None


def _sync(incoming: Incoming, *folders: Path) -> None:
    """Make the file and its name outlive the machine; raises OSError."""
    os.fsync(incoming.fd)
    for folder in folders:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


class FilesystemRecording:
    """One recording on its way to the disk."""

    def __init__(self, base: Path, incoming: Incoming) -> None:
        self._base = base
        self._incoming = incoming
        self._final: Path | None = None

    async def append(self, data: bytes) -> None:
        """Write `data`, and give the file its name once the header line is here."""
        try:
            await self._incoming.append(data)
        finally:
            if self._final is None and self._incoming.name is not None:
                self._final = self._link()

    def _link(self) -> Path:
        return link(self._incoming.path, self._base, self._incoming.named())

    def check(self) -> None:
        """Never fails: a disk says what is wrong at once."""

    async def finish(self, *, complete: bool) -> str:
        """Sync the file under its final name; see `Recording.finish`."""
        if not complete and not self._incoming.size:
            self._remove()
            return ""
        final = self._final = self._final or self._link()
        try:
            await self._incoming.run(lambda: _sync(self._incoming, final.parent, self._base))
        except OSError as error:
            raise StorageError(f"cannot sync a recording: {error}") from None
        self._remove()
        return str(final.relative_to(self._base))

    def _remove(self) -> None:
        with suppress(OSError):  # what stays in .incoming is removed at the next start
            self._incoming.remove()

    def abandon(self) -> None:
        """Keep what came under its name; if even that fails, leave it to the next start."""
        with suppress(StorageError):
            if self._final is None and self._incoming.size:
                self._final = self._link()
            self._remove()
        self._incoming.close()


class FilesystemStorage:
    """A base path. It need not exist yet: a recorder whose disk comes late refuses till then."""

    def __init__(
        self,
        base: Path,
        *,
        overlay: Overlay = Overlay(),  # noqa: B008 - it holds nothing that changes
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._base = base
        self._overlay = overlay
        self._clock = clock

    async def start(self) -> None:
        """Name what a killed predecessor left in ``.incoming``."""
        await asyncio.to_thread(self._recover)

    def _recover(self) -> None:
        for found in leftovers(self._base / INCOMING):
            with suppress(OSError, StorageError):  # the disk is not well: the next start tries
                if found.size and os.fstat(found.fd).st_nlink == 1:
                    link(found.path, self._base, found.named())
                found.remove()
            found.close()

    async def open(self) -> FilesystemRecording:
        """Begin a recording; raises StorageError when the disk cannot be written."""
        incoming = self._overlay(Incoming).create(self._base / INCOMING, self._clock())
        return self._overlay(FilesystemRecording)(self._base, incoming)

    async def put(self, name: Name, data: bytes) -> str:
        """Keep a small whole object; it shows up under its name only when it is whole."""
        incoming = Incoming.create(self._base / INCOMING, self._clock())
        try:
            await incoming.append(data)
            await incoming.sync()
            final = link(incoming.path, self._base, name)
        finally:
            with suppress(OSError):
                incoming.remove()
        return str(final.relative_to(self._base))

    async def close(self) -> None:
        """There is nothing to let go of."""
