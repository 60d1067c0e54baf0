"""A recorder that acks what is still in a buffer of its own."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload

_BUFFER = 64 << 10


class _Buffers(Upload):
    _buffer = b""

    async def keep(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            await self._flush()

    async def _flush(self) -> None:
        buffer, self._buffer = self._buffer, b""
        if buffer:
            await super().keep(buffer)

    async def finish(self, *, complete: bool) -> str:
        await self._flush()
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-acks-its-buffer",
    part="recorder",
    summary="acks what a kill takes with it, a buffer of 64 KiB",
    breaks=("storage-9",),
    shown_by=("recorder/restarts/stages", "recorder/restarts/again"),
    overlay={Upload: _Buffers},
)
