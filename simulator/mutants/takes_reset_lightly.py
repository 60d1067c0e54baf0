"""A recorder client that goes on in silence when its upload breaks."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import Cancel, Effects, StopTimer, Timer, UploadLost
from simulator.overlay import Mutant


class _Lightly(Client):
    def upload_lost(self, event: UploadLost, now: int) -> Effects:
        s = self.session
        if event.op != s.op or s.phase is not Phase.STREAMING:
            return super().upload_lost(event, now)
        s.phase = Phase.UNRECORDED
        return [StopTimer(Timer.ACK), Cancel(s.op), *self.show_waiting()]


MUTANT = Mutant(
    name="takes-reset-lightly",
    part="client",
    summary="goes on unrecorded, and says nothing, when the upload breaks",
    breaks=("v2-16", "streaming-1", "machine-2"),
    shown_by=("loss/reset-open",),
    overlay={Client: _Lightly},
)
