"""A recorder that recovers what its predecessor had given a name already."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.filesystem import INCOMING, FilesystemStorage, link
from simulator.storage.incoming import leftovers


class _Twice(FilesystemStorage):
    def _recover(self) -> None:
        for found in leftovers(self._base / INCOMING):
            if found.size:
                link(found.path, self._base, found.named())
            found.remove()


MUTANT = Mutant(
    name="recorder-recovers-twice",
    part="recorder",
    summary="stores what a kill broke off a second time when it starts again",
    breaks=("storage-3",),
    shown_by=("recorder/restarts/again",),
    overlay={FilesystemStorage: _Twice},
)
