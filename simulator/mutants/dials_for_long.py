"""A recorder client that leaves a dial to the system's own patience."""

from __future__ import annotations

import msgspec

from conformance.wire import SECOND, Timers
from simulator.client import Client, Session
from simulator.overlay import Mutant


class _Patient(Client):
    def __init__(self, timers: Timers, session: Session | None = None) -> None:
        super().__init__(msgspec.structs.replace(timers, dial=15 * SECOND), session)


MUTANT = Mutant(
    name="dials-for-long",
    part="client",
    summary="gives up a dial after 15 s",
    breaks=("choose-7",),
    shown_by=("choosing/unreachable",),
    overlay={Client: _Patient},
)
