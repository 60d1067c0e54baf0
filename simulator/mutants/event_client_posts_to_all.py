"""An event client that posts to every recorder."""

from __future__ import annotations

from simulator.event_client import OK, STORED, Effects, EventClient
from simulator.overlay import Mutant


class _Generous(EventClient):
    def post_answered(self, status: int) -> Effects:
        if status == OK and self.index + 1 < len(self.recorders):
            return self.pass_on(STORED, "")
        return super().post_answered(status)


MUTANT = Mutant(
    name="event-client-posts-to-all",
    part="event-client",
    summary="goes on to the next recorder after one has stored the event",
    breaks=("event-13",),
    shown_by=("events/stored",),
    overlay={EventClient: _Generous},
)
