"""A recorder client that hangs up where it should end the body."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Cancel, Effects, Exit
from simulator.overlay import Mutant


class _HangsUp(Client):
    def close(self, now: int) -> Effects:
        effects = [e for e in super().close(now) if isinstance(e, Exit)]
        return [Cancel(self.session.op), *effects, *self.complete()]


MUTANT = Mutant(
    name="forgets-to-end-body",
    part="client",
    summary="closes the connection in place of ending the body",
    breaks=("streaming-4",),
    shown_by=("answers/split",),
    overlay={Client: _HangsUp},
)
