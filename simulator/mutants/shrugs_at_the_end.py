"""A recorder client that does not care how the recorder ends."""

from __future__ import annotations

from simulator.client import Client, Phase
from simulator.client_steps import AnswerEnded, Effects, UploadLost
from simulator.overlay import Mutant


class _Shrugs(Client):
    def upload_lost(self, event: UploadLost, now: int) -> Effects:
        if self.session.phase is Phase.CLOSING:
            return self.answer_ended(AnswerEnded(event.op), now)
        return super().upload_lost(event, now)


MUTANT = Mutant(
    name="shrugs-at-the-end",
    part="client",
    summary="takes a bad final status, or none, for success",
    breaks=("v1-11", "machine-2", "machine-12"),
    shown_by=("loss/bad-final-v1-open", "loss/reset-final-v1"),
    overlay={Client: _Shrugs},
)
