"""A recorder that cuts what broke off back to its last whole line."""

from __future__ import annotations

import os

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording


class _WholeLines(FilesystemRecording):
    async def finish(self, *, complete: bool) -> str:
        if not complete:
            fd = self._incoming.fd
            data = os.pread(fd, self._incoming.size, 0)
            os.ftruncate(fd, data.rfind(b"\n") + 1)
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-drops-unended-line",
    part="recorder",
    summary="keeps of an upload that broke off its whole lines only",
    breaks=("storage-16",),
    shown_by=("recorder/storing/broke-off-v1", "recorder/storing/broke-off-v2"),
    overlay={FilesystemRecording: _WholeLines},
)
