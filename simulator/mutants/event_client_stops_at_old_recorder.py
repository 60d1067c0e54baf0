"""An event client that stops at the first recorder without events."""

from __future__ import annotations

from simulator.event_client import NOT_FOUND, UNSUPPORTED, Effects, EventClient, Over, Tried
from simulator.overlay import Mutant


class _Short(EventClient):
    def head_answered(self, status: int) -> Effects:
        if status == NOT_FOUND:
            return [Tried(self.recorder, UNSUPPORTED), Over()]
        return super().head_answered(status)


MUTANT = Mutant(
    name="event-client-stops-at-old-recorder",
    part="event-client",
    summary="tries no further recorder when one takes no events",
    breaks=("event-13",),
    shown_by=("events/unsupported",),
    overlay={EventClient: _Short},
)
