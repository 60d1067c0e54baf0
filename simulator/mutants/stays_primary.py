"""An SSH server for which every recorder is the primary one."""

from __future__ import annotations

from conformance.machine import State
from simulator import client_steps as core
from simulator.client import Client, Phase
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Stays(Client):
    def attempt_failed(self, why: str, now: int) -> Effects:
        effects = super().attempt_failed(why, now)
        if self.session.phase is Phase.DIAL:
            self.session.state = State.TRY_PRIMARY
            effects = [e for e in effects if e != core.Enter(State.TRY_FAILOVER, why)]
        return effects


MUTANT = Mutant(
    name="calls-all-primary",
    part="client",
    summary="tries the second recorder in TryPrimary",
    breaks=("machine-5", "machine-2"),
    shown_by=("failover/second-wins",),
    overlay={Client: _Stays},
)
