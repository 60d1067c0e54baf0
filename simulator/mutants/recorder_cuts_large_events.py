"""A recorder that keeps the first megabyte of an event, and does not mind."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.storage.naming import Name

_LIMIT = 1 << 20


class _Cuts(Recorder):
    async def _keep_event(self, name: Name, body: bytes) -> None:
        await super()._keep_event(name, body[:_LIMIT])


MUTANT = Mutant(
    name="recorder-cuts-large-events",
    part="recorder",
    summary="stores the first megabyte of a larger event, and answers 200",
    breaks=("event-4",),
    shown_by=("recorder/events/large",),
    overlay={Recorder: _Cuts},
)
