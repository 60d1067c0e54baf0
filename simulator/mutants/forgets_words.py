"""A recorder client that knows that its recorder failed, and not why."""

from __future__ import annotations

import msgspec

from simulator.client import Client
from simulator.client_steps import Effects, ErrorReceived
from simulator.overlay import Mutant


class _Wordless(Client):
    def error_received(self, event: ErrorReceived, now: int) -> Effects:
        return super().error_received(msgspec.structs.replace(event, message="it failed"), now)


MUTANT = Mutant(
    name="forgets-words",
    part="client",
    summary="drops the words of an error frame",
    breaks=("acks-10",),
    shown_by=("loss/error-frame-open",),
    overlay={Client: _Wordless},
)
