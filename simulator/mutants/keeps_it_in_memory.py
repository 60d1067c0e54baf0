"""A recorder that acks what it holds in memory, and writes when the upload is over."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _InMemory(Upload):
    _held = b""

    async def keep(self, data: bytes) -> None:
        self._held += data

    async def finish(self, *, complete: bool) -> str:
        await super().keep(self._held)
        return await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-keeps-it-in-memory",
    part="recorder",
    summary="acks a recording that is not in storage yet",
    breaks=("storage-9",),
    shown_by=("loss/killed-acked",),
    overlay={Upload: _InMemory},
)
