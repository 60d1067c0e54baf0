"""A recorder that goes on when a write fails, and says at the end that all is well."""

from __future__ import annotations

from contextlib import suppress

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage import StorageError


class _GoesOn(Upload):
    async def keep(self, data: bytes) -> None:
        with suppress(StorageError):
            await super().keep(data)

    async def finish(self, *, complete: bool) -> str:
        try:
            return await super().finish(complete=complete)
        except StorageError:
            return ""


MUTANT = Mutant(
    name="recorder-goes-on-without-disk",
    part="recorder",
    summary="goes on when its disk is full or gone, and answers with success",
    breaks=("storage-6", "storage-18"),
    shown_by=(
        "recorder/disks/full-v1",
        "recorder/disks/full-v2",
        "recorder/disks/folder-lost-v1",
        "recorder/disks/folder-lost-v2",
        "recorder/disks/node-taken",
        "recorder/disks/small",
    ),
    overlay={Upload: _GoesOn},
)
