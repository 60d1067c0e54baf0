"""A recorder that files recordings under an identity of its own."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording, link


class _UnderItself(FilesystemRecording):
    def _link(self) -> Path:
        name = msgspec.structs.replace(self._incoming.named(), node=f"recorder-{os.getpid()}")
        return link(self._incoming.path, self._base, name)


MUTANT = Mutant(
    name="recorder-files-under-itself",
    part="recorder",
    summary="stores under its own name, so every recorder of a list has a layout of its own",
    breaks=("storage-17", "storage-10"),
    shown_by=("recorder/storing/failover",),
    overlay={FilesystemRecording: _UnderItself},
)
