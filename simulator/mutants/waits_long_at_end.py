"""A recorder client that waits longer for the final answer than it should."""

from __future__ import annotations

import msgspec

from conformance.wire import SECOND, Timers
from simulator.client import Client, Session
from simulator.overlay import Mutant


class _Patient(Client):
    def __init__(self, timers: Timers, session: Session | None = None) -> None:
        super().__init__(msgspec.structs.replace(timers, final=35 * SECOND), session)


MUTANT = Mutant(
    name="waits-long-at-end",
    part="client",
    summary="waits 35 s for the final answer",
    breaks=("v1-12", "streaming-23"),
    shown_by=("loss/no-final-v1", "loss/no-final"),
    overlay={Client: _Patient},
)
