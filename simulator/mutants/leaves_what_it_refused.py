"""A recorder that takes a name before it knows whether it can write, and leaves it there."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording, FilesystemStorage
from simulator.storage.naming import UNKNOWN, Name


class _Leaves(FilesystemStorage):
    async def open(self) -> FilesystemRecording:
        place = self._base / Name(UNKNOWN, self._clock()).path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        recording = await super().open()
        place.unlink()
        return recording


MUTANT = Mutant(
    name="recorder-leaves-what-it-refused",
    part="recorder",
    summary="leaves an empty recording of every upload that it refuses on a full disk",
    breaks=("hostile-17",),
    shown_by=("recorder/disks/refused",),
    overlay={FilesystemStorage: _Leaves},
)
