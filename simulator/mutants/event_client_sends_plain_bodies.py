"""An event client that sends the bodies of requests as text."""

from __future__ import annotations

import msgspec

from simulator.api_proxy import ApiEvent, Encoder
from simulator.overlay import Mutant


class _Plain(Encoder):
    def encoded(self, event: ApiEvent) -> bytes:
        plain = msgspec.to_builtins(event)
        plain["request"]["body"] = event.request.body.decode("utf-8", "replace")
        return msgspec.json.encode(plain)


MUTANT = Mutant(
    name="event-client-sends-plain-bodies",
    part="event-client",
    summary="writes `request.body` as text, not in base64",
    breaks=("event-9",),
    shown_by=("events/stored",),
    overlay={Encoder: _Plain},
)
