"""A recorder that throws away what an upload that broke off had brought."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage.filesystem import FilesystemRecording


class _Drops(Upload):
    async def finish(self, *, complete: bool) -> str:
        path = await super().finish(complete=complete)
        if path and not complete and isinstance(self.recording, FilesystemRecording):
            (self.recording._base / path).unlink()  # noqa: SLF001 - that is the defect
        return path


MUTANT = Mutant(
    name="recorder-drops-what-broke-off",
    part="recorder",
    summary="deletes a recording whose upload broke off, acked or not",
    breaks=("storage-9",),
    shown_by=("loss/cut-acked",),
    overlay={Upload: _Drops},
)
