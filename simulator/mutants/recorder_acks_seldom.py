"""A recorder that acks well within the client's window, but not at the cadence."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.recorder import Acks, Upload
from simulator.serving_protocols import Send


class _Seldom(Acks):
    def __init__(self, upload: Upload, cadence: float, send: Send) -> None:
        super().__init__(upload, 3 * cadence, send)


MUTANT = Mutant(
    name="recorder-acks-seldom",
    part="recorder",
    summary="acks every 15 s",
    breaks=("acks-2",),
    shown_by=("recorder/acks/idle",),
    overlay={Acks: _Seldom},
)
