"""A recorder client that leaves out the second recorder of the list."""

from __future__ import annotations

import msgspec

from simulator.client import Client
from simulator.client_steps import Effects, PolicyAnswered
from simulator.overlay import Mutant


class _Skips(Client):
    def policy_answered(self, event: PolicyAnswered, now: int) -> Effects:
        fewer = event.recorders[:1] + event.recorders[2:]
        return super().policy_answered(msgspec.structs.replace(event, recorders=fewer), now)


MUTANT = Mutant(
    name="skips-second",
    part="client",
    summary="tries the first recorder and then the third",
    breaks=("choose-1", "choose-6", "machine-2"),
    shown_by=("choosing/all-refuse",),
    overlay={Client: _Skips},
)
