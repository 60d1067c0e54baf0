"""A recorder that stores events behind its answers: what goes wrong then, nobody learns."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.storage import StorageError
from simulator.storage.naming import Name


class _Behind(Recorder):
    _task: asyncio.Task[None] | None = None

    async def _keep_event(self, name: Name, body: bytes) -> None:
        self._task = asyncio.create_task(self._keep_later(name, body))

    async def _keep_later(self, name: Name, body: bytes) -> None:
        with suppress(StorageError):
            await super()._keep_event(name, body)


MUTANT = Mutant(
    name="recorder-stores-events-behind",
    part="recorder",
    summary="answers an event with 200 before it is stored, whether it can be or not",
    breaks=("event-4",),
    shown_by=("recorder/events/storage-gone",),
    overlay={Recorder: _Behind},
)
