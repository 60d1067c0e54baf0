"""A recorder that says that a recording is stored, and stores it then."""

from __future__ import annotations

import asyncio

from simulator.overlay import Mutant
from simulator.recorder import Upload


class _Behind(Upload):
    _held = b""
    _task: asyncio.Task[None] | None = None

    async def keep(self, data: bytes) -> None:
        self._held += data

    async def finish(self, *, complete: bool) -> str:
        self._task = asyncio.create_task(self._store(complete=complete))
        return "in the queue"

    async def _store(self, *, complete: bool) -> None:
        await asyncio.sleep(1.0)
        await super().keep(self._held)
        await super().finish(complete=complete)


MUTANT = Mutant(
    name="recorder-stores-behind",
    part="recorder",
    summary="answers a v1 upload with 200 and stores it a second later",
    breaks=("v1-3", "storage-2"),
    shown_by=("recorder/v1/final-killed",),
    overlay={Upload: _Behind},
)
