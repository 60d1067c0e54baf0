"""An SSH server that fails open, and loses what waited for the recorder."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Drops(Client):
    def lost(self, op: int, why: str, now: int) -> Effects:
        if op == self.session.op and self.session.phase is Phase.STREAMING:
            self.session.waiting = ()
        return super().lost(op, why, now)


MUTANT = Mutant(
    name="drops-waiting-output",
    part="client",
    summary="loses the output that waited when a recording is lost and the session goes on",
    breaks=("failure-6", "streaming-5"),
    shown_by=("loss/waiting",),
    overlay={Client: _Drops},
)
