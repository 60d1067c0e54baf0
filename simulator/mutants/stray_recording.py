"""A recorder that files a second, headless copy of every recording under another name."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage.filesystem import FilesystemRecording


class _Strays(Upload):
    async def finish(self, *, complete: bool) -> str:
        path = await super().finish(complete=complete)
        if isinstance(self.recording, FilesystemRecording):
            stored = self.recording._base / path  # noqa: SLF001 - that is the defect
            stray = stored.with_name("2020-01-01T00:00:00Z.cast")
            stray.write_bytes(stored.read_bytes().partition(b"\n")[2])
        return path


MUTANT = Mutant(
    name="recorder-leaves-strays",
    part="recorder",
    summary="stores every recording twice, the second time without its header",
    breaks=("storage-3",),
    shown_by=("basic/v2-shell",),
    overlay={Upload: _Strays},
)
