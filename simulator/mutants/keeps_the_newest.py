"""A recorder that tidies up by itself: the newest eight recordings of a node stay."""

from __future__ import annotations

from pathlib import Path

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording

_MOST = 8


def _stored(path: Path) -> int:
    return path.stat().st_mtime_ns


class _Tidies(FilesystemRecording):
    async def finish(self, *, complete: bool) -> str:
        path = await super().finish(complete=complete)
        folder = (self._base / path).parent
        # By their time, not by their names: within a second of the header the fraction may wrap.
        for old in sorted(folder.glob("*.cast"), key=_stored)[:-_MOST]:
            old.unlink()
        return path


MUTANT = Mutant(
    name="recorder-keeps-the-newest",
    part="recorder",
    summary="removes all but the newest eight recordings of a node",
    breaks=("privacy-6", "storage-2"),
    shown_by=("recorder/restarts/earlier",),
    overlay={FilesystemRecording: _Tidies},
)
