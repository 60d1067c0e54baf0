"""A recorder that makes a recording's file when the first bytes come."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording, FilesystemStorage


class _Late:
    """A recording whose file is made when there is something to write."""

    def __init__(self, storage: _MakesLate) -> None:
        self._storage = storage
        self._made: FilesystemRecording | None = None

    async def append(self, data: bytes) -> None:
        if self._made is None:
            self._made = await self._storage.really_open()
        await self._made.append(data)

    def check(self) -> None:
        pass

    async def finish(self, *, complete: bool) -> str:
        return await self._made.finish(complete=complete) if self._made else ""

    def abandon(self) -> None:
        if self._made is not None:
            self._made.abandon()


class _MakesLate(FilesystemStorage):
    async def open(self) -> _Late:  # type: ignore[override]
        return _Late(self)

    async def really_open(self) -> FilesystemRecording:
        return await super().open()


MUTANT = Mutant(
    name="recorder-makes-files-late",
    part="recorder",
    summary="takes recordings before it knows whether it can make a file",
    breaks=("storage-14",),
    shown_by=(
        "recorder/disks/no-folder-v1",
        "recorder/disks/no-folder-v2",
        "recorder/disks/read-only-v1",
        "recorder/disks/read-only-v2",
    ),
    overlay={FilesystemStorage: _MakesLate},
)
