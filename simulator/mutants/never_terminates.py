"""An SSH server that lets users stay whom it no longer records."""

from __future__ import annotations

from simulator.client import Client
from simulator.overlay import Mutant


class _Never(Client):
    def terminates(self) -> bool:
        return False


MUTANT = Mutant(
    name="never-terminates",
    part="client",
    summary="goes on unrecorded although there is a terminate message",
    breaks=("machine-9", "failure-2", "machine-2", "notice-2"),
    shown_by=("loss/never-ended",),
    overlay={Client: _Never},
)
