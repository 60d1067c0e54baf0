"""A v1 recorder whose HTTP library sends the interim 100 before anybody has looked at the head."""

from __future__ import annotations

import h11

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _Hasty(HTTP1):
    async def _create_stream(self, request: h11.Request) -> None:
        await self._continue()
        await super()._create_stream(request)


MUTANT = Mutant(
    name="recorder-continues-early",
    part="recorder",
    summary="sends the interim 100 before it refuses",
    breaks=("v1-7",),
    shown_by=("recorder/v1/refused",),
    overlay={HTTP1: _Hasty},
)
