"""An SSH server that tells how a command ended once its recording is safe."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.client import Client, Phase
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Holds(Client):
    def close(self, now: int) -> Effects:
        return [e for e in super().close(now) if not isinstance(e, core.Exit)]

    def answer_ended(self, event: core.AnswerEnded, now: int) -> Effects:
        closing = self.session.phase is Phase.CLOSING and event.op == self.session.op
        effects = super().answer_ended(event, now)
        assert self.session.exit_status is not None or not closing
        return [core.Exit(self.session.exit_status or 0), *effects] if closing else effects

    def lost(self, op: int, why: str, now: int) -> Effects:
        closing = self.session.phase is Phase.CLOSING and op == self.session.op
        effects = super().lost(op, why, now)
        return [core.Exit(255), *effects] if closing else effects


MUTANT = Mutant(
    name="holds-exit-back",
    part="client",
    summary="tells status 255 when a recording fails at its end",
    breaks=("failure-8", "streaming-5"),
    shown_by=("loss/bad-final",),
    overlay={Client: _Holds},
)
