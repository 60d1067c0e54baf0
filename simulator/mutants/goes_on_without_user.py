"""An SSH server that goes on choosing when its user has hung up."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.client import Client, Phase
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _GoesOn(Client):
    def user_left(self, event: core.UserLeft, now: int) -> Effects:
        if self.session.phase in (Phase.DIAL, Phase.PROBE, Phase.DIAL_V1, Phase.OPEN):
            return []
        return super().user_left(event, now)


MUTANT = Mutant(
    name="goes-on-without-its-user",
    part="client",
    summary="chooses on for a user who is gone, and rejects the session in the end",
    breaks=("machine-11", "machine-2", "notice-1"),
    shown_by=("user/hangs-up-choosing",),
    overlay={Client: _GoesOn},
)
