"""A recorder with a worker for each connection, and a fixed number of workers."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from simulator.overlay import Mutant
from simulator.serving import Connection

_WORKERS = 128


class _Worked(Connection):
    _workers: ClassVar[asyncio.Semaphore] = asyncio.Semaphore(_WORKERS)

    async def run(self) -> None:
        async with self._workers:
            await super().run()


MUTANT = Mutant(
    name="recorder-serves-a-few",
    part="recorder",
    summary="serves 128 connections at a time, idle or not",
    breaks=("hostile-12",),
    shown_by=("recorder/hostile/h1-idle",),
    overlay={Connection: _Worked},
)
