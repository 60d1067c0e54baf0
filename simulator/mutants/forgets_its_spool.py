"""A recorder that never looks again at what lies in its spool."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.s3 import S3Storage
from simulator.storage.transfer import Bucket


class _Forgets(S3Storage):
    async def _recover(self, bucket: Bucket) -> None:
        pass


MUTANT = Mutant(
    name="recorder-forgets-its-spool",
    part="recorder",
    summary="never sends what a killed predecessor had spooled for S3",
    breaks=("storage-9",),
    shown_by=("recorder/objects/killed-while-away",),
    overlay={S3Storage: _Forgets},
)
