"""A v2 recorder that counts the data it has read, and not the padding."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _DataOnly(HTTP2):
    async def _data_received(self, event: h2.events.DataReceived) -> None:
        event.flow_controlled_length = len(event.data or b"")
        await super()._data_received(event)


MUTANT = Mutant(
    name="recorder-keeps-padding",
    part="recorder",
    summary="gives no window back for padding",
    breaks=("v2-12",),
    shown_by=("recorder/frames/padding-returned",),
    overlay={HTTP2: _DataOnly},
)
