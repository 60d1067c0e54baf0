"""A recorder client that gives every recorder of the list a second chance."""

from __future__ import annotations

import msgspec

from simulator.client import Client
from simulator.client_steps import Effects, PolicyAnswered
from simulator.overlay import Mutant


class _Twice(Client):
    def policy_answered(self, event: PolicyAnswered, now: int) -> Effects:
        doubled = msgspec.structs.replace(event, recorders=event.recorders * 2)
        return super().policy_answered(doubled, now)


MUTANT = Mutant(
    name="tries-twice",
    part="client",
    summary="goes through the list of recorders a second time",
    breaks=("choose-1", "machine-2"),
    shown_by=("choosing/all-refuse",),
    overlay={Client: _Twice},
)
