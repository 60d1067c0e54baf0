"""A recorder that takes NUL out of heads before it reads them."""

from __future__ import annotations

import h11
from hypercorn.events import Event as ConnectionEvent
from hypercorn.events import RawData

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _DropsNul(HTTP1):
    async def handle(self, event: ConnectionEvent) -> None:
        if isinstance(event, RawData) and self.connection.their_state is h11.IDLE:
            head, end, body = event.data.partition(b"\r\n\r\n")
            event = RawData(data=head.replace(b"\0", b"") + end + body)
        await super().handle(event)


MUTANT = Mutant(
    name="recorder-drops-nul",
    part="recorder",
    summary="takes fields with NUL in them, as if it were not there",
    breaks=("hostile-7",),
    shown_by=("recorder/hostile/h1-controls",),
    overlay={HTTP1: _DropsNul},
)
