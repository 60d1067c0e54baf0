"""A recorder whose names end with the second: the next recording takes the place of the last."""

from __future__ import annotations

from pathlib import Path

import msgspec

from conformance.wire import SECOND
from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording, link


class _Overwrites(FilesystemRecording):
    def _link(self) -> Path:
        name = self._incoming.named()
        name = msgspec.structs.replace(name, at=name.at // SECOND * SECOND)
        (self._base / name.path).unlink(missing_ok=True)
        return link(self._incoming.path, self._base, name)


MUTANT = Mutant(
    name="recorder-overwrites-same-second",
    part="recorder",
    summary="lets a recording overwrite another of the same node and second",
    breaks=("storage-8", "storage-2"),
    shown_by=("recorder/storing/same-second",),
    overlay={FilesystemRecording: _Overwrites},
)
