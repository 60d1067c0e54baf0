"""A recorder that gives events an ID of the week they came in: they share it."""

from __future__ import annotations

import msgspec

from conformance.wire import SECOND
from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.storage.naming import Name

_WEEK = 7 * 86_400 * SECOND


class _OneId(Recorder):
    async def _keep_event(self, name: Name, body: bytes) -> None:
        event = msgspec.json.decode(body)
        event["id"] = f"week-{name.at // _WEEK}"
        await super()._keep_event(name, msgspec.json.encode(event))


MUTANT = Mutant(
    name="recorder-gives-events-one-id",
    part="recorder",
    summary="gives all events of a week one ID, which says where none of them lies",
    breaks=("event-16",),
    shown_by=("recorder/events/taken",),
    overlay={Recorder: _OneId},
)
