"""A recorder whose schema of events has camel case throughout, and allows no other keys."""

from __future__ import annotations

import msgspec

from simulator.overlay import Mutant
from simulator.recorder import Recorder
from simulator.storage.naming import Name


class _KnowsNoCapitals(Recorder):
    def _event_name(self, body: bytes) -> Name | None:
        name = super()._event_name(body)
        if name is None:
            return None
        keys = msgspec.json.decode(body).get("kubernetes", {})
        return None if any(key[:1].isupper() for key in keys) else name


MUTANT = Mutant(
    name="recorder-knows-no-capitals",
    part="recorder",
    summary="refuses events with the capitalised keys of Kubernetes",
    breaks=("event-12",),
    shown_by=("recorder/events/taken",),
    overlay={Recorder: _KnowsNoCapitals},
)
