"""The history while it grows in virtual time, and who waits for what."""

from __future__ import annotations

from collections.abc import Iterator

import simpy

from conformance.history import Event, Kind
from conformance.matching import fits
from conformance.scenario import Match
from simulator.virtual.clock import Clock


class Timeline:
    """Collects the events of one scenario and wakes those who wait for one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.events: list[Event] = []
        self._waiting: list[tuple[Match, simpy.Event]] = []

    def take(self, event: Event) -> None:
        """Add an event."""
        self.events.append(event)
        still = []
        for match, waiting in self._waiting:
            if fits(match, event.what):
                waiting.succeed()
            else:
                still.append((match, waiting))
        self._waiting = still

    def seen(self, match: Match) -> simpy.Event:
        """Return an event of virtual time: the first that fits was noted."""
        waiting = self._clock.event()
        if any(fits(match, event.what) for event in self.events):
            waiting.succeed()
        else:
            self._waiting.append((match, waiting))
        return waiting

    def of(self, kind: type[Kind]) -> Iterator[Kind]:
        """Yield what was noted of one kind so far."""
        return (event.what for event in self.events if isinstance(event.what, kind))
