"""A recorder that takes what a read returns for text, and characters for whole."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload
from simulator.storage import StorageError


class _DecodesPieces(Upload):
    async def keep(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise StorageError(f"not UTF-8: {error.reason}") from None
        await super().keep(text.encode())


MUTANT = Mutant(
    name="recorder-decodes-pieces",
    part="recorder",
    summary="fails an upload in which a read ends within a character",
    breaks=("streaming-8",),
    shown_by=("recorder/streaming/cuts-v1", "recorder/streaming/cuts-v2"),
    overlay={Upload: _DecodesPieces},
)
