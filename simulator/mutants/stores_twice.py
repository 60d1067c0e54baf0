"""A recorder that stores a recording again although the first time went well."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.filesystem import FilesystemRecording


class _Twice(FilesystemRecording):
    async def finish(self, *, complete: bool) -> str:
        path = await super().finish(complete=complete)
        if path and complete:
            first = self._base / path
            self._incoming.named()
            again = first.parent / f"{first.name.partition('.')[0]}.999999999Z.cast"
            again.write_bytes(first.read_bytes())
        return path


MUTANT = Mutant(
    name="recorder-stores-twice",
    part="recorder",
    summary="stores every recording a second time, under a name of its own",
    breaks=("storage-3",),
    shown_by=("recorder/storing/bytes-v2",),
    overlay={FilesystemRecording: _Twice},
)
