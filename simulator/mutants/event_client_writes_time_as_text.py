"""An event client that writes time as RFC 3339 has it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from simulator.api_proxy import ApiEvent, Encoder
from simulator.overlay import Mutant


class _Spelled(Encoder):
    def encoded(self, event: ApiEvent) -> bytes:
        plain = msgspec.to_builtins(event)
        plain["timestamp"] = datetime.fromtimestamp(event.timestamp, UTC).isoformat()
        return msgspec.json.encode(plain)


MUTANT = Mutant(
    name="event-client-writes-time-as-text",
    part="event-client",
    summary="writes `timestamp` as text",
    breaks=("event-8",),
    shown_by=("events/stored",),
    overlay={Encoder: _Spelled},
)
