"""A recorder that puts a folder for the day between the node's and the recording."""

from __future__ import annotations

from pathlib import Path

import msgspec

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording, link


class _ByDay(FilesystemRecording):
    def _link(self) -> Path:
        name = self._incoming.named()
        day = name.path.rpartition("/")[2].partition("T")[0]
        return link(
            self._incoming.path,
            self._base,
            msgspec.structs.replace(name, node=f"{name.node}/{day}"),
        )


MUTANT = Mutant(
    name="recorder-files-by-day",
    part="recorder",
    summary="stores at NodeID/day/timestamp.cast",
    breaks=("storage-4",),
    shown_by=("recorder/storing/layout",),
    overlay={FilesystemRecording: _ByDay},
)
