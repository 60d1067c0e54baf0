"""A recorder that takes a minute for a good time between two signs of life."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks, Upload
from simulator.serving_protocols import Send


class _EveryMinute(Acks):
    def __init__(self, upload: Upload, cadence: float, send: Send) -> None:
        super().__init__(upload, 12 * cadence, send)


MUTANT = Mutant(
    name="recorder-acks-every-minute",
    part="recorder",
    summary="acks every 60 s",
    breaks=("acks-1", "acks-2"),
    shown_by=("recorder/acks/idle",),
    overlay={Acks: _EveryMinute},
)
