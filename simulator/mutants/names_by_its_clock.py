"""A recorder that names recordings by its own clock, not by their beginning."""

from __future__ import annotations

from pathlib import Path

import msgspec

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording, link


class _OwnClock(FilesystemRecording):
    def _link(self) -> Path:
        name = self._incoming.named()
        at = self._incoming.opened_at
        return link(self._incoming.path, self._base, msgspec.structs.replace(name, at=at))


MUTANT = Mutant(
    name="recorder-names-by-its-clock",
    part="recorder",
    summary="names recordings by when they came, not by when they began",
    breaks=("storage-7",),
    shown_by=("recorder/storing/layout",),
    overlay={FilesystemRecording: _OwnClock},
)
