"""A recorder client that keeps only the attempts that failed."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects, Opened, Tried
from simulator.overlay import Mutant


class _Forgets(Client):
    def opened(self, event: Opened, now: int) -> Effects:
        return [e for e in super().opened(event, now) if not isinstance(e, Tried)]


MUTANT = Mutant(
    name="forgets-what-worked",
    part="client",
    summary="does not report the attempt that took the recording",
    breaks=("choose-16", "machine-2"),
    shown_by=("answers/split",),
    overlay={Client: _Forgets},
)
