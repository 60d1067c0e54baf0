"""A recorder that files events by their ID, and refuses those without one."""

from __future__ import annotations

import msgspec

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.storage.naming import Name


class _WantsIds(Recorder):
    def _event_name(self, body: bytes) -> Name | None:
        name = super()._event_name(body)
        return name if name is not None and msgspec.json.decode(body).get("id") else None


MUTANT = Mutant(
    name="recorder-wants-event-ids",
    part="recorder",
    summary="refuses events whose ID is empty",
    breaks=("event-11",),
    shown_by=("recorder/events/taken",),
    overlay={Recorder: _WantsIds},
)
