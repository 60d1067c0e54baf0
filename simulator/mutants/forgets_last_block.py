"""A recorder that writes whole blocks, and never the rest."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload

_BLOCK = 512


class _Blocks(Upload):
    _rest = b""

    async def keep(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % _BLOCK
        self._rest = data[whole:]
        if whole:
            await super().keep(data[:whole])


MUTANT = Mutant(
    name="recorder-forgets-last-block",
    part="recorder",
    summary="writes in blocks of 512 bytes, and forgets the last one at the end",
    breaks=("storage-2",),
    shown_by=("recorder/storing/bytes-v1", "recorder/storing/large"),
    overlay={Upload: _Blocks},
)
