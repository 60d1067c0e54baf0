"""An SSH server that gives a silent recorder half of the ack window."""

from __future__ import annotations

import msgspec

from conformance.wire import Timers
from simulator.client import Client, Session
from simulator.overlay import Mutant


class _Hasty(Client):
    def __init__(self, timers: Timers, session: Session | None = None) -> None:
        window = timers.ack_window // 2
        super().__init__(msgspec.structs.replace(timers, ack_window=window), session)


MUTANT = Mutant(
    name="hasty-ack-window",
    part="client",
    summary="takes a recording for lost after 15 s without a frame",
    breaks=("acks-14",),
    shown_by=("loss/black-hole",),
    overlay={Client: _Hasty},
)
