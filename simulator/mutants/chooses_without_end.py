"""A recorder client that gives each recorder its time, however many there are."""

from __future__ import annotations

import msgspec

from conformance.wire import SECOND, Timers
from simulator.client import Client, Session
from simulator.overlay import Mutant


class _Endless(Client):
    def __init__(self, timers: Timers, session: Session | None = None) -> None:
        super().__init__(msgspec.structs.replace(timers, choose=120 * SECOND), session)


MUTANT = Mutant(
    name="chooses-without-end",
    part="client",
    summary="sets no limit to all attempts together",
    breaks=("choose-3", "machine-2"),
    shown_by=("reject/budget",),
    overlay={Client: _Endless},
)
