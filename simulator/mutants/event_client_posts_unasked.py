"""An event client that posts to recorders that take no events."""

from __future__ import annotations

from simulator.event_client import Effects, EventClient, Post
from simulator.overlay import Mutant


class _Unasked(EventClient):
    def head_answered(self, status: int) -> Effects:  # noqa: ARG002
        return [Post(self.recorder, self.timers.final)]


MUTANT = Mutant(
    name="event-client-posts-unasked",
    part="event-client",
    summary="posts the event whatever the HEAD was answered",
    breaks=("event-3",),
    shown_by=("events/unsupported",),
    overlay={EventClient: _Unasked},
)
