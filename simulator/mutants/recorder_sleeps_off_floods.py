"""A recorder that slows a client down by sleeping in its event loop, and everybody with it."""

from __future__ import annotations

import time

from h2.events import Event, PingReceived

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Sleeps(HTTP2):
    _pings = 0

    async def _handle_event(self, event: Event) -> None:
        if isinstance(event, PingReceived):
            self._pings += 1
            if self._pings == 5_000:
                time.sleep(8.0)  # noqa: ASYNC251 - the defect itself
        await super()._handle_event(event)


MUTANT = Mutant(
    name="recorder-sleeps-off-floods",
    part="recorder",
    summary="blocks its event loop for 8 s once a client has sent 5,000 PINGs",
    breaks=("hostile-10", "acks-2"),
    shown_by=("recorder/hostile/h2-floods",),
    overlay={HTTP2: _Sleeps},
)
