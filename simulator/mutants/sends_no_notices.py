"""An SSH server that tells nobody of a failure."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Silent(Client):
    def notice(self, event_type: int) -> Effects:  # noqa: ARG002
        return []


MUTANT = Mutant(
    name="sends-no-notices",
    part="client",
    summary="sends no notice",
    breaks=("notice-1",),
    shown_by=("reject/exec",),
    overlay={Client: _Silent},
)
