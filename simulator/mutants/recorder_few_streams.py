"""A v2 recorder that allows a connection a few streams."""

from __future__ import annotations

import h2.settings

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Few(HTTP2):
    def _settings(self) -> dict[h2.settings.SettingCodes, int]:
        return super()._settings() | {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 20}


MUTANT = Mutant(
    name="recorder-few-streams",
    part="recorder",
    summary="allows 20 streams on one connection",
    breaks=("v2-14",),
    shown_by=("recorder/frames/hundred-streams",),
    overlay={HTTP2: _Few},
)
