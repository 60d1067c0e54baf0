"""A recorder client that takes the clean end of the answer for a loss."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import AnswerEnded, Effects
from simulator.overlay import Mutant


class _Loss(Client):
    def answer_ended(self, event: AnswerEnded, now: int) -> Effects:
        if self.session.phase is Phase.CLOSING:
            return self.lost(event.op, "the recorder ended its answer", now)
        return super().answer_ended(event, now)


MUTANT = Mutant(
    name="takes-end-for-loss",
    part="client",
    summary="takes the clean end of an answer for a loss",
    breaks=("streaming-11", "machine-2"),
    shown_by=("answers/split",),
    overlay={Client: _Loss},
)
