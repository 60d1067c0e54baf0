"""A recorder that mixes two uploads: while both run, each one's events land in the other's."""

from __future__ import annotations

from typing import ClassVar

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage import StorageError


class _Mixes(Upload):
    _live: ClassVar[list[_Mixes]] = []
    _headed = False

    async def keep(self, data: bytes) -> None:
        if not self._headed:
            head, newline, data = data.partition(b"\n")
            await super().keep(head + newline)
            if newline:
                self._headed = True
                self._live.append(self)
        if data:
            await self._keep_elsewhere(data)

    async def _keep_elsewhere(self, data: bytes) -> None:
        for other in [upload for upload in self._live if upload is not self]:
            try:
                await other.recording.append(data)
            except StorageError:
                self._live.remove(other)  # that one was lost on the way
            else:
                return
        await super().keep(data)

    async def finish(self, *, complete: bool) -> str:
        if self in self._live:
            self._live.remove(self)
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-mixes-recordings",
    part="recorder",
    summary="writes the events of two concurrent uploads into each other's recording",
    breaks=("storage-3", "storage-1", "storage-2"),
    shown_by=("basic/two-at-once", "basic/multiplexed"),
    overlay={Upload: _Mixes},
)
