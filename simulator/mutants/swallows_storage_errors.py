"""A recorder that logs what S3 refuses, and answers with success."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage import StorageError
from simulator.storage.s3 import S3Recording


class _Swallows(S3Recording):
    async def finish(self, *, complete: bool) -> str:
        try:
            return await super().finish(complete=complete)
        except StorageError:
            self.abandon()
            return self._incoming.named().path


MUTANT = Mutant(
    name="recorder-swallows-storage-errors",
    part="recorder",
    summary="answers with success when S3 refused the recording",
    breaks=("storage-6", "storage-2"),
    shown_by=("recorder/objects/fails-access-denied", "recorder/objects/part-denied"),
    overlay={S3Recording: _Swallows},
)
