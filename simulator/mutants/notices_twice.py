"""An SSH server that tells of every failure twice."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Twice(Client):
    def notice(self, event_type: int) -> Effects:
        return super().notice(event_type) * 2


MUTANT = Mutant(
    name="notices-twice",
    part="client",
    summary="sends every notice twice",
    breaks=("notice-1",),
    shown_by=("reject/exec",),
    overlay={Client: _Twice},
)
