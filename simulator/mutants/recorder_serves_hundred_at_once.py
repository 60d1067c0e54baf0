"""A recorder with a hundred workers, each of which belongs to one connection until it ends."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from simulator.overlay import Mutant
from simulator.serving import Connection


class _Worker(Connection):
    _free: ClassVar[asyncio.Semaphore] = asyncio.Semaphore(100)

    async def run(self) -> None:
        async with self._free:
            await super().run()


MUTANT = Mutant(
    name="recorder-serves-hundred-at-once",
    part="recorder",
    summary="serves a hundred connections, idle or not, and lets all others wait",
    breaks=("hostile-12",),
    shown_by=("recorder/hostile/h2-idle",),
    overlay={Connection: _Worker},
)
