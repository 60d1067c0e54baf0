"""A recorder client that forgets the connections of its probes."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Stage, Upload


class _Keeps(Upload):
    def cancel(self) -> None:
        if self.stage is Stage.IDLE:
            self.stage = Stage.OVER
            self._leave()
        else:
            super().cancel()


MUTANT = Mutant(
    name="keeps-idle-connections",
    part="driver",
    summary="leaves the connection of a probe open that v1 followed",
    breaks=("choose-20",),
    shown_by=("choosing/idle-probe",),
    overlay={Upload: _Keeps},
)
