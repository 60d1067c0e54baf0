"""A recorder client for which an answer that ends early is a good end."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import AnswerEnded, Cancel, Effects, StopTimer, Timer
from simulator.overlay import Mutant


class _TakesIt(Client):
    def answer_ended(self, event: AnswerEnded, now: int) -> Effects:
        s = self.session
        if event.op != s.op or s.phase is not Phase.STREAMING:
            return super().answer_ended(event, now)
        s.phase = Phase.UNRECORDED
        return [StopTimer(Timer.ACK), Cancel(s.op), *self.show_waiting()]


MUTANT = Mutant(
    name="takes-early-end",
    part="client",
    summary="goes on unrecorded, and says nothing, when the answer ends early",
    breaks=("streaming-10", "streaming-1", "machine-2"),
    shown_by=("loss/end-early-open",),
    overlay={Client: _TakesIt},
)
