"""A v2 recorder that learns of window by WINDOW_UPDATE alone."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _UpdatesOnly(HTTP2):
    async def _handle_events(self, events: list[h2.events.Event]) -> None:
        kept = [e for e in events if not isinstance(e, h2.events.RemoteSettingsChanged)]
        await super()._handle_events(kept)


MUTANT = Mutant(
    name="recorder-misses-settings",
    part="recorder",
    summary="stays blocked when SETTINGS open the window again",
    breaks=("v2-11",),
    shown_by=("recorder/frames/window-shut",),
    overlay={HTTP2: _UpdatesOnly},
)
