"""A v2 recorder that allows many streams and takes a few."""

from __future__ import annotations

import h2.errors
import h2.events

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Full(HTTP2):
    async def _create_stream(self, request: h2.events.RequestReceived) -> None:
        if len(self._answering) < 50:
            await super()._create_stream(request)
        else:
            self.connection.reset_stream(request.stream_id, h2.errors.ErrorCodes.REFUSED_STREAM)


MUTANT = Mutant(
    name="recorder-refuses-streams",
    part="recorder",
    summary="refuses the 51st stream though its settings allow it",
    breaks=("v2-14",),
    shown_by=("recorder/frames/hundred-streams",),
    overlay={HTTP2: _Full},
)
