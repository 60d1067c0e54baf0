"""A recorder client that holds a second recorder ready."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import AnswerEnded, Cancel, Dial, Effects, Opened
from simulator.overlay import Mutant

SPARE = 1000


class _Ready(Client):
    def opened(self, event: Opened, now: int) -> Effects:
        s, effects = self.session, super().opened(event, now)
        more = s.recorders[s.index + 1 :]
        return [*effects, Dial(SPARE, more[0])] if effects and more else effects

    def answer_ended(self, event: AnswerEnded, now: int) -> Effects:
        effects = super().answer_ended(event, now)
        return [Cancel(SPARE), *effects] if effects else []


MUTANT = Mutant(
    name="dials-the-next-too",
    part="client",
    summary="dials the next recorder when one has taken the recording",
    breaks=("choose-2",),
    shown_by=("choosing/first-wins",),
    overlay={Client: _Ready},
)
