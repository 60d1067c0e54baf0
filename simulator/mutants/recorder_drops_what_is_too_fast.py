"""A recorder with a queue before its disk that throws away what does not fit."""

from __future__ import annotations

import time

from simulator.overlay import Mutant
from simulator.recorder import Upload

_AT_ONCE = 8 << 20
_A_SECOND = 1 << 20


class _DropsWhatIsTooFast(Upload):
    _kept = 0
    _since = 0.0

    async def keep(self, data: bytes) -> None:
        self._since = self._since or time.monotonic()
        room = _AT_ONCE + (time.monotonic() - self._since) * _A_SECOND
        if self._kept + len(data) <= room:
            self._kept += len(data)
            await super().keep(data)


MUTANT = Mutant(
    name="recorder-drops-what-is-too-fast",
    part="recorder",
    summary="throws away what comes faster than it writes",
    breaks=("streaming-13", "storage-1"),
    shown_by=("recorder/streaming/flood-v1", "recorder/streaming/flood-v2"),
    overlay={Upload: _DropsWhatIsTooFast},
)
