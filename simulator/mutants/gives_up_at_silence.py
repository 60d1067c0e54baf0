"""A recorder client for which one silent recorder means that there is none."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _GivesUp(Client):
    def step_timed_out(self, now: int) -> Effects:
        self.session.recorders = self.session.recorders[: self.session.index + 1]
        return super().step_timed_out(now)


MUTANT = Mutant(
    name="gives-up-at-silence",
    part="client",
    summary="tries no other recorder after one that stayed silent",
    breaks=("choose-17", "choose-6", "machine-2"),
    shown_by=("choosing/silent-open",),
    overlay={Client: _GivesUp},
)
