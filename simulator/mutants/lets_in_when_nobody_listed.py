"""An SSH server that rejects nobody when it had no recorder to try."""

from __future__ import annotations

from simulator.client import Client
from simulator.overlay import Mutant


class _LetsIn(Client):
    def rejects(self) -> bool:
        return bool(self.session.attempts) and super().rejects()


MUTANT = Mutant(
    name="lets-in-when-nobody-is-listed",
    part="client",
    summary="lets the user in when recorders are required and none is listed",
    breaks=("failure-12", "failure-1", "failure-4", "machine-2", "machine-8"),
    shown_by=("reject/no-recorders",),
    overlay={Client: _LetsIn},
)
