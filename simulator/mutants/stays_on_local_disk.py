"""A recorder that is content with its own disk, whatever bucket it was given."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.s3 import S3Recording


class _Stays(S3Recording):
    def _send_parts(self) -> None:
        pass

    async def finish(self, *, complete: bool) -> str:  # noqa: ARG002
        self.abandon()
        return self._incoming.named().path


MUTANT = Mutant(
    name="recorder-stays-on-local-disk",
    part="recorder",
    summary="keeps recordings on its own disk instead of in the bucket",
    breaks=("storage-11", "storage-2"),
    shown_by=("recorder/objects/stored",),
    overlay={S3Recording: _Stays},
)
