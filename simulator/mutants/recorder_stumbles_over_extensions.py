"""A recorder whose parser of chunks knows sizes only."""

from __future__ import annotations

import re

from hypercorn.events import Closed, RawData
from hypercorn.events import Event as ConnectionEvent

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1

_EXTENDED = re.compile(rb"(^|\r\n)[0-9a-fA-F]+;[^\r\n]*\r\n")


class _SizesOnly(HTTP1):
    async def handle(self, event: ConnectionEvent) -> None:
        if isinstance(event, RawData) and _EXTENDED.search(event.data):
            await self._send_error_response(400)
            await self.send(Closed())
        else:
            await super().handle(event)


MUTANT = Mutant(
    name="recorder-stumbles-over-extensions",
    part="recorder",
    summary="answers chunk extensions with 400",
    breaks=("v1-9",),
    shown_by=("recorder/v1/chunk-extensions",),
    overlay={HTTP1: _SizesOnly},
)
