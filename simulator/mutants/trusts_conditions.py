"""A recorder that names by the second and leaves it to the store not to overwrite."""

from __future__ import annotations

from typing import Any

from conformance.wire import SECOND
from simulator.overlay import Mutant
from simulator.storage.s3 import S3Storage


class _Trusts(S3Storage):
    async def start(self) -> None:
        await super().start()
        clock = self._clock
        self._clock = lambda: clock() // SECOND * SECOND
        assert self._bucket is not None
        self._bucket.has = _nothing  # type: ignore[method-assign]


def _nothing(where: dict[str, Any]) -> bool:  # noqa: ARG001
    return False


MUTANT = Mutant(
    name="recorder-trusts-conditions",
    part="recorder",
    summary="overwrites recordings where a store does not heed If-None-Match",
    breaks=("storage-2",),
    shown_by=("recorder/objects/gcs",),
    overlay={S3Storage: _Trusts},
)
