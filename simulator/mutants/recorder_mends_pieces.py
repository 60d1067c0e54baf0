"""A recorder that reads text piece by piece, and mends what is no character."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _MendsPieces(Upload):
    async def keep(self, data: bytes) -> None:
        await super().keep(data.decode(errors="replace").encode())


MUTANT = Mutant(
    name="recorder-mends-pieces",
    part="recorder",
    summary="keeps signs of damage where a read ended within a character",
    breaks=("streaming-8", "storage-1"),
    shown_by=("recorder/streaming/cuts-v1", "recorder/streaming/cuts-v2"),
    overlay={Upload: _MendsPieces},
)
