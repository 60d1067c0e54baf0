"""A recorder that goes on with the next part when one is refused."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage import StorageError
from simulator.storage.transfer import Transfer


class _Skips(Transfer):
    _skipped = 0

    @property
    def sent(self) -> int:
        return super().sent + self._skipped

    async def _send_part(self, size: int) -> None:
        self._bucket.patience = 0
        try:
            await super()._send_part(size)
        except StorageError:
            self._skipped += size


MUTANT = Mutant(
    name="recorder-skips-failed-part",
    part="recorder",
    summary="leaves a part out that S3 refused, and completes the rest",
    breaks=("storage-1", "storage-6"),
    shown_by=("recorder/objects/part-slow-down",),
    overlay={Transfer: _Skips},
)
