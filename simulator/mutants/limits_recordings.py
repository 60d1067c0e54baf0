"""A recorder that fails recordings beyond a length that nobody has agreed to."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage import StorageError

_MOST = 4 << 20


class _Limited(Upload):
    async def keep(self, data: bytes) -> None:
        if self.received + len(data) > _MOST:
            raise StorageError("a recording may have 4 MiB")
        await super().keep(data)


MUTANT = Mutant(
    name="recorder-limits-recordings",
    part="recorder",
    summary="fails every recording that is longer than 4 MiB",
    breaks=("storage-5",),
    shown_by=("recorder/storing/large",),
    overlay={Upload: _Limited},
)
