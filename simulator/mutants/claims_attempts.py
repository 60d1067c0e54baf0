"""An SSH server that says it tried the first recorder, and never dialled it."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Claims(Client):
    def dial(self, phase: Phase, now: int) -> Effects:
        s = self.session
        if phase is Phase.DIAL and s.index == 0 and len(s.recorders) > 1:
            return self.attempt_failed("dial: connection refused", now)
        return super().dial(phase, now)


MUTANT = Mutant(
    name="claims-attempts",
    part="client",
    summary="counts the first of several recorders as failed without dialling it",
    breaks=("choose-6",),
    shown_by=("failover/silent",),
    overlay={Client: _Claims},
)
