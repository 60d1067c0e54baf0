"""A recorder client without a failover."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _FirstOnly(Client):
    def attempt_failed(self, why: str, now: int) -> Effects:
        self.session.recorders = self.session.recorders[:1]
        return super().attempt_failed(why, now)


MUTANT = Mutant(
    name="tries-first-only",
    part="client",
    summary="takes the recording for failed when the first recorder is",
    breaks=("choose-6", "machine-2"),
    shown_by=("choosing/all-refuse",),
    overlay={Client: _FirstOnly},
)
