"""A recorder client that waits twice as long for the answer to its probe."""

from __future__ import annotations

import msgspec

from conformance.wire import SECOND, Timers
from simulator.client import Client, Session
from simulator.overlay import Mutant


class _Patient(Client):
    def __init__(self, timers: Timers, session: Session | None = None) -> None:
        super().__init__(msgspec.structs.replace(timers, probe=20 * SECOND), session)


MUTANT = Mutant(
    name="probes-for-long",
    part="client",
    summary="waits 20 s for the answer to its probe",
    breaks=("choose-9",),
    shown_by=("choosing/silent-probe",),
    overlay={Client: _Patient},
)
