"""A recorder client that waits longer for the answer to its upload than it should."""

from __future__ import annotations

import msgspec

from conformance.wire import SECOND, Timers
from simulator.client import Client, Session
from simulator.overlay import Mutant


class _Patient(Client):
    def __init__(self, timers: Timers, session: Session | None = None) -> None:
        super().__init__(msgspec.structs.replace(timers, open=12 * SECOND), session)


MUTANT = Mutant(
    name="opens-for-long",
    part="client",
    summary="waits 12 s for the 100 or the 200",
    breaks=("choose-18",),
    shown_by=("choosing/silent-open",),
    overlay={Client: _Patient},
)
