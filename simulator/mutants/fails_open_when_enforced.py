"""An SSH server that lets the session go on although the failure action forbids it."""

from __future__ import annotations

from simulator.client import Client
from simulator.overlay import Mutant


class FailsOpen(Client):
    """Never rejects, never terminates."""

    def rejects(self) -> bool:
        """Let the session begin unrecorded, whatever the reject message says."""
        return False

    def terminates(self) -> bool:
        """Let the session go on unrecorded, whatever the terminate message says."""
        return False


MUTANT = Mutant(
    name="fails-open-when-enforced",
    part="client",
    summary="goes on unrecorded when no recorder can be started or the recording is lost",
    breaks=(
        "failure-1",
        "failure-2",
        "failure-4",
        "machine-2",
        "machine-8",
        "machine-9",
        "notice-2",
    ),
    shown_by=("reject/both", "loss/killed-both"),
    overlay={Client: FailsOpen},
)
