"""An event client that keeps one value of a query parameter."""

from __future__ import annotations

import msgspec

from simulator.api_proxy import ApiEvent, Encoder
from simulator.overlay import Mutant


class _Single(Encoder):
    def encoded(self, event: ApiEvent) -> bytes:
        plain = msgspec.to_builtins(event)
        query = plain["request"]["queryParameters"]
        plain["request"]["queryParameters"] = {name: values[-1] for name, values in query.items()}
        return msgspec.json.encode(plain)


MUTANT = Mutant(
    name="event-client-keeps-last-parameter",
    part="event-client",
    summary="writes the last value of a query parameter as a string",
    breaks=("event-9",),
    shown_by=("events/stored",),
    overlay={Encoder: _Single},
)
