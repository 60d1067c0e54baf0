"""A recorder that stores in the folder of its default, whatever it was told."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemStorage


class _Default(FilesystemStorage):
    def __init__(self, _: Path, **more: Any) -> None:
        super().__init__(Path(tempfile.gettempdir()) / "recordings", **more)


MUTANT = Mutant(
    name="recorder-ignores-its-folder",
    part="recorder",
    summary="stores in its default folder, not where it was told to",
    breaks=("storage-11", "storage-2"),
    shown_by=("recorder/storing/failover",),
    overlay={FilesystemStorage: _Default},
)
