"""A recorder that does not read what follows the 200 of CompleteMultipartUpload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.handlers import _handle_200_error  # type: ignore[attr-defined]

from simulator.overlay import Mutant
from simulator.storage.s3 import S3Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _Takes(S3Storage):
    def _client(self) -> S3Client:
        client = super()._client()
        client.meta.events.unregister("before-parse.s3.*", _handle_200_error)
        return client


MUTANT = Mutant(
    name="recorder-takes-200-for-success",
    part="recorder",
    summary="takes an error document behind a 200 of S3 for success",
    breaks=("storage-6", "storage-2"),
    shown_by=("recorder/objects/complete-error",),
    overlay={S3Storage: _Takes},
)
