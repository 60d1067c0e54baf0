"""A recorder that reads events, says 200, and keeps none."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.storage.naming import Name


class _Forgets(Recorder):
    async def _keep_event(self, name: Name, body: bytes) -> None:
        pass


MUTANT = Mutant(
    name="recorder-forgets-events",
    part="recorder",
    summary="answers events with 200 and stores none of them",
    breaks=("event-4",),
    shown_by=("recorder/events/taken",),
    overlay={Recorder: _Forgets},
)
