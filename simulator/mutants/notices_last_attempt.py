"""An SSH server whose notices name the last recorder alone."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Last(Client):
    def notice(self, event_type: int) -> Effects:
        effects = super().notice(event_type)
        return [core.Notify(e.event_type, e.attempts[-1:]) for e in effects]  # type: ignore[attr-defined]


MUTANT = Mutant(
    name="notices-the-last-attempt",
    part="client",
    summary="leaves out of a notice all attempts but the last",
    breaks=("notice-3",),
    shown_by=("reject/both",),
    overlay={Client: _Last},
)
