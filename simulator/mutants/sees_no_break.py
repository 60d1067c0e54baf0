"""A recorder client that does not see its upload break, and ends it when the ack window is over."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import Effects, UploadLost
from simulator.overlay import Mutant


class _Blind(Client):
    def upload_lost(self, event: UploadLost, now: int) -> Effects:
        if event.op == self.session.op and self.session.phase is Phase.STREAMING:
            return []
        return super().upload_lost(event, now)


MUTANT = Mutant(
    name="sees-no-break",
    part="client",
    summary="notices a broken connection by the missing acks alone, 30 s later",
    breaks=("v2-16",),
    shown_by=("loss/cut", "loss/cut-open"),
    overlay={Client: _Blind},
)
