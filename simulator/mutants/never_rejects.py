"""An SSH server that lets users in whom it cannot record."""

from __future__ import annotations

from simulator.client import Client
from simulator.overlay import Mutant


class _Never(Client):
    def rejects(self) -> bool:
        return False


MUTANT = Mutant(
    name="never-rejects",
    part="client",
    summary="goes on unrecorded although there is a reject message",
    breaks=("machine-8", "failure-1", "failure-4", "machine-2", "notice-2"),
    shown_by=("reject/exec",),
    overlay={Client: _Never},
)
