"""An SSH server that tries v1 where a v2 upload was refused."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import Cancel, Effects, OpenFailed
from simulator.overlay import Mutant


class _FallsBack(Client):
    def open_failed(self, event: OpenFailed, now: int) -> Effects:
        s = self.session
        if event.op == s.op and s.phase is Phase.OPEN and s.v2:
            return [Cancel(s.op), *self.dial(Phase.DIAL_V1, now)]
        return super().open_failed(event, now)


MUTANT = Mutant(
    name="falls-back-to-v1",
    part="client",
    summary="tries v1 at an address that refused a v2 upload",
    breaks=("choose-10",),
    shown_by=("failover/refuses-v2",),
    overlay={Client: _FallsBack},
)
