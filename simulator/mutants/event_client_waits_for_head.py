"""An event client that gives the HEAD as long as a POST."""

from __future__ import annotations

from simulator.event_client import Ask, Effects, EventClient
from simulator.overlay import Mutant


class _Patient(EventClient):
    def try_next(self) -> Effects:
        *before, last = super().try_next()
        return [*before, Ask(last.recorder, self.timers.final) if isinstance(last, Ask) else last]


MUTANT = Mutant(
    name="event-client-waits-for-head",
    part="event-client",
    summary="awaits the answer to the HEAD for 30 s",
    breaks=("event-14",),
    shown_by=("events/silent",),
    overlay={EventClient: _Patient},
)
