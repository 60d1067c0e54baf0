"""A recorder client that dials a recorder for sessions that are not recorded, too."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Cancel, Dial, Effects, Finish, PolicyAnswered
from simulator.overlay import Mutant


class _Dials(Client):
    def policy_answered(self, event: PolicyAnswered, now: int) -> Effects:
        effects = super().policy_answered(event, now)
        if event.required or not event.recorders:
            return effects
        self.session.op = 1
        return [Dial(1, event.recorders[0]), *effects]

    def complete(self) -> Effects:
        effects = super().complete()
        finish = [effect for effect in effects if isinstance(effect, Finish)]
        return [*effects[: -len(finish)], Cancel(self.session.op), *finish]


MUTANT = Mutant(
    name="dials-for-nothing",
    part="client",
    summary="dials the first recorder for an sftp session, which is not recorded",
    breaks=("choose-5",),
    shown_by=("basic/sftp",),
    overlay={Client: _Dials},
)
