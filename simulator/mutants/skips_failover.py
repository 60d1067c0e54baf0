"""An SSH server that knows nothing of TryFailover."""

from __future__ import annotations

from conformance.machine import State
from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Skips(Client):
    def attempt_failed(self, why: str, now: int) -> Effects:
        effects = super().attempt_failed(why, now)
        return [e for e in effects if e != core.Enter(State.TRY_FAILOVER, why)]


MUTANT = Mutant(
    name="skips-failover",
    part="client",
    summary="fails without having been in TryFailover",
    breaks=("machine-6", "machine-1", "machine-2"),
    shown_by=("reject/exec",),
    overlay={Client: _Skips},
)
