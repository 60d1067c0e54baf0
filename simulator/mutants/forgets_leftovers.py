"""A recorder that never looks at what a killed predecessor left unfinished."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemStorage


class _Forgets(FilesystemStorage):
    def _recover(self) -> None:
        pass


MUTANT = Mutant(
    name="recorder-forgets-leftovers",
    part="recorder",
    summary="leaves what a killed recorder did not finish among its temporary files",
    breaks=("storage-9",),
    shown_by=("recorder/restarts/stages",),
    overlay={FilesystemStorage: _Forgets},
)
