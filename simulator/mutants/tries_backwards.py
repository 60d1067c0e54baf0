"""A recorder client that tries the last recorder of the list first."""

from __future__ import annotations

import msgspec

from simulator.client import Client
from simulator.client_steps import Effects, PolicyAnswered
from simulator.overlay import Mutant


class _Backwards(Client):
    def policy_answered(self, event: PolicyAnswered, now: int) -> Effects:
        turned = msgspec.structs.replace(event, recorders=event.recorders[::-1])
        return super().policy_answered(turned, now)


MUTANT = Mutant(
    name="tries-backwards",
    part="client",
    summary="tries the recorders in the opposite order",
    breaks=("choose-1", "machine-2"),
    shown_by=("choosing/all-refuse",),
    overlay={Client: _Backwards},
)
