"""A recorder that opens S3 when a recording is over: nothing is refused."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.s3 import S3Storage


class _Late(S3Storage):
    async def _proven(self) -> None:
        pass


MUTANT = Mutant(
    name="recorder-opens-storage-late",
    part="recorder",
    summary="takes recordings without asking whether the bucket can be written",
    breaks=("storage-14",),
    shown_by=("recorder/objects/shut-access-denied", "recorder/objects/shut-dead"),
    overlay={S3Storage: _Late},
)
