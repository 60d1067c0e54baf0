"""A recorder that stores whatever is posted as an event, without a look."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.storage.naming import EVENT, UNKNOWN, Name


class _TakesAny(Recorder):
    def _event_name(self, body: bytes) -> Name | None:
        return super()._event_name(body) or Name(UNKNOWN, self._clock(), EVENT)


MUTANT = Mutant(
    name="recorder-takes-any-event",
    part="recorder",
    summary="stores what is no JSON object as an event, and answers 200",
    breaks=("event-15",),
    shown_by=("recorder/events/no-object",),
    overlay={Recorder: _TakesAny},
)
