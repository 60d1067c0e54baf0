"""An SSH server for which an empty list of recorders is no list."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Ignores(Client):
    def policy_answered(self, event: core.PolicyAnswered, now: int) -> Effects:
        if not event.recorders:
            event = core.PolicyAnswered(required=False)
        return super().policy_answered(event, now)


MUTANT = Mutant(
    name="ignores-empty-lists",
    part="client",
    summary="records nothing, and enforces nothing, when no recorder is listed",
    breaks=("policy-16", "failure-1", "failure-12", "machine-2"),
    shown_by=("reject/no-recorders", "open/no-recorders"),
    overlay={Client: _Ignores},
)
