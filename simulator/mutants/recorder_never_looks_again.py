"""A recorder that keeps its file open and never looks whether anybody can still find it."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage import StorageError
from simulator.storage.filesystem import FilesystemRecording


class _NeverLooks(FilesystemRecording):
    async def finish(self, *, complete: bool) -> str:
        try:
            return await super().finish(complete=complete)
        except StorageError:
            if self._base.is_dir():
                raise
            return ""  # what was written was written: no call has failed


MUTANT = Mutant(
    name="recorder-never-looks-again",
    part="recorder",
    summary="answers with success when the folder of its recordings was taken away meanwhile",
    breaks=("storage-18",),
    shown_by=("recorder/disks/folder-lost-v1", "recorder/disks/folder-lost-v2"),
    overlay={FilesystemRecording: _NeverLooks},
)
