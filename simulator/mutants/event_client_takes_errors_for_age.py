"""An event client that takes every refusal of the HEAD for a recorder without events."""

from __future__ import annotations

from simulator.event_client import OK, UNSUPPORTED, Effects, EventClient
from simulator.overlay import Mutant


class _Mild(EventClient):
    def head_answered(self, status: int) -> Effects:
        if status == OK:
            return super().head_answered(status)
        return self.pass_on(UNSUPPORTED, f"it takes no events: {status}")


MUTANT = Mutant(
    name="event-client-takes-errors-for-age",
    part="event-client",
    summary="takes any answer to the HEAD but 200 for a lack of support",
    breaks=("event-2",),
    shown_by=("events/head-refused",),
    overlay={EventClient: _Mild},
)
