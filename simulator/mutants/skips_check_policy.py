"""An SSH server that looks for a recorder without having looked at the policy."""

from __future__ import annotations

from conformance.machine import State
from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Skips(Client):
    def policy_answered(self, event: core.PolicyAnswered, now: int) -> Effects:
        effects = super().policy_answered(event, now)
        return [e for e in effects if e != core.Enter(State.CHECK_POLICY)]


MUTANT = Mutant(
    name="skips-check-policy",
    part="client",
    summary="goes from Connecting to FindRecorder",
    breaks=("machine-1", "machine-2"),
    shown_by=("basic/exec",),
    overlay={Client: _Skips},
)
