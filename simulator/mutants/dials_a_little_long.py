"""A recorder client that gives a dial two seconds more than it may."""

from __future__ import annotations

import msgspec

from conformance.wire import SECOND, Timers
from simulator.client import Client, Session
from simulator.overlay import Mutant


class _Lenient(Client):
    def __init__(self, timers: Timers, session: Session | None = None) -> None:
        super().__init__(msgspec.structs.replace(timers, dial=7 * SECOND), session)


MUTANT = Mutant(
    name="dials-a-little-long",
    part="client",
    summary="gives up a dial after 7 s, which two dials of 5 s would cover",
    breaks=("choose-7",),
    shown_by=("choosing/unreachable",),
    overlay={Client: _Lenient},
)
