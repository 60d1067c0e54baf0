"""A recorder client that keeps failed attempts, and not why they failed."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects, Tried
from simulator.overlay import Mutant


class _NoReason(Client):
    def attempt_failed(self, why: str, now: int) -> Effects:
        effects = super().attempt_failed(why, now)
        return [Tried(e.recorder, "") if isinstance(e, Tried) else e for e in effects]


MUTANT = Mutant(
    name="fails-without-reason",
    part="client",
    summary="reports failed attempts without their messages",
    breaks=("choose-15", "machine-2"),
    shown_by=("choosing/all-refuse",),
    overlay={Client: _NoReason},
)
