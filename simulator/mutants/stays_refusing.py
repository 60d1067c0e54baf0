"""A recorder that never gets over a failure of S3."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage import StorageError
from simulator.storage.s3 import S3Storage


class _Stays(S3Storage):
    _broken = ""

    async def _proven(self) -> None:
        if self._broken:
            raise StorageError(self._broken)
        try:
            await super()._proven()
        except StorageError as error:
            self._broken = str(error)
            raise


MUTANT = Mutant(
    name="recorder-stays-refusing",
    part="recorder",
    summary="refuses all recordings once S3 has failed, until it is started again",
    breaks=("storage-5",),
    shown_by=("recorder/objects/heals",),
    overlay={S3Storage: _Stays},
)
