"""An event client that leaves out what is empty."""

from __future__ import annotations

import msgspec

from simulator.api_proxy import ApiEvent, Encoder
from simulator.overlay import Mutant


class _Terse(Encoder):
    def encoded(self, event: ApiEvent) -> bytes:
        plain = msgspec.to_builtins(event)
        del plain["id"], plain["destination"]
        return msgspec.json.encode(plain)


MUTANT = Mutant(
    name="event-client-omits-what-is-empty",
    part="event-client",
    summary="leaves `id` and `destination` out, as they are empty",
    breaks=("event-7",),
    shown_by=("events/stored",),
    overlay={Encoder: _Terse},
)
