"""An event client that counts time in milliseconds."""

from __future__ import annotations

import msgspec

from conformance.nodes import Node
from simulator.api_proxy import ApiEvent, Encoder, Request
from simulator.overlay import Mutant


class _Fine(Encoder):
    def made(self, request: Request, node: Node, user_agent: str) -> ApiEvent:
        event = super().made(request, node, user_agent)
        return msgspec.structs.replace(event, timestamp=event.timestamp * 1000)


MUTANT = Mutant(
    name="event-client-counts-milliseconds",
    part="event-client",
    summary="writes `timestamp` in milliseconds",
    breaks=("event-8",),
    shown_by=("events/stored",),
    overlay={Encoder: _Fine},
)
