"""A recorder client that passes on what a recorder says as it is."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects, ErrorReceived
from simulator.overlay import Mutant


class _Repeats(Client):
    def error_received(self, event: ErrorReceived, now: int) -> Effects:
        return self.lost(event.op, f"recorder: {event.message}", now)


MUTANT = Mutant(
    name="repeats-control-characters",
    part="client",
    summary="leaves the control characters in a recorder's words",
    breaks=("hostile-15",),
    shown_by=("loss/hostile-words",),
    overlay={Client: _Repeats},
)
