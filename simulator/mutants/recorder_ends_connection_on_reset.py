"""A recorder that takes a stream's reset for the end of its connection."""

from __future__ import annotations

import h2.events
from hypercorn.events import Closed

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _EndsConnection(HTTP2):
    async def _handle_events(self, events: list[h2.events.Event]) -> None:
        await super()._handle_events(events)
        if any(isinstance(event, h2.events.StreamReset) for event in events):
            await self.send(Closed())


MUTANT = Mutant(
    name="recorder-ends-connection-on-reset",
    part="recorder",
    summary="ends the whole connection when the client resets one of its streams",
    breaks=("v2-17",),
    shown_by=("recorder/losses/stream-codes",),
    overlay={HTTP2: _EndsConnection},
)
