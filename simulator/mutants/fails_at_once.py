"""An SSH server that looks for no recorder when none is listed."""

from __future__ import annotations

from conformance.machine import State
from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Fails(Client):
    def policy_answered(self, event: core.PolicyAnswered, now: int) -> Effects:
        effects = super().policy_answered(event, now)
        tries = (State.TRY_PRIMARY, State.TRY_FAILOVER)
        if event.recorders:
            return effects
        return [e for e in effects if not (isinstance(e, core.Enter) and e.state in tries)]


MUTANT = Mutant(
    name="fails-at-once",
    part="client",
    summary="goes from FindRecorder to RecordingFailed when there is nobody to try",
    breaks=("machine-7", "machine-1", "machine-2"),
    shown_by=("reject/no-list",),
    overlay={Client: _Fails},
)
