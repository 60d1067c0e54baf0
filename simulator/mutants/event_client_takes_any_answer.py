"""An event client that takes any answer to the POST for success."""

from __future__ import annotations

from simulator.event_client import OK, Effects, EventClient
from simulator.overlay import Mutant


class _Content(EventClient):
    def post_answered(self, status: int) -> Effects:  # noqa: ARG002
        return super().post_answered(OK)


MUTANT = Mutant(
    name="event-client-takes-any-answer",
    part="event-client",
    summary="takes an event for stored whatever the POST was answered",
    breaks=("event-5", "event-13"),
    shown_by=("events/post-refused",),
    overlay={EventClient: _Content},
)
