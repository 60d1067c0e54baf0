"""An SSH server that no longer cares for a recording once the command has exited."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.client import Client, Phase
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Forgets(Client):
    def lost(self, op: int, why: str, now: int) -> Effects:
        if op == self.session.op and self.session.phase is Phase.CLOSING:
            return [core.StopTimer(core.Timer.FINAL), core.Cancel(op), *self.complete()]
        return super().lost(op, why, now)


MUTANT = Mutant(
    name="forgets-late-losses",
    part="client",
    summary="takes a recording that fails at its end for complete",
    breaks=("machine-12", "machine-2", "notice-1", "notice-11", "v1-11"),
    shown_by=("loss/bad-final-v1",),
    overlay={Client: _Forgets},
)
