"""A recorder that sends the newer checksums to every S3 service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.overlay import Mutant
from simulator.storage.s3 import S3Storage, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _Checksums(S3Storage):
    def _client(self) -> S3Client:
        always = "when_supported"
        return s3_client(self._endpoint, self._region, request_checksum_calculation=always)


MUTANT = Mutant(
    name="recorder-sends-checksums",
    part="recorder",
    summary="sends checksums that Backblaze and Google refuse",
    breaks=("storage-12",),
    shown_by=("recorder/objects/b2", "recorder/objects/gcs"),
    overlay={S3Storage: _Checksums},
)
