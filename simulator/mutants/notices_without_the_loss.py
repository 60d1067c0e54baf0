"""An SSH server whose notices do not say why a recording was lost."""

from __future__ import annotations

from conformance.machine import State
from conformance.wire import (
    Attempt,
)
from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Without(Client):
    def notice(self, event_type: int) -> Effects:
        s = self.session
        lost = s.state is State.CONNECTION_LOST
        effects = super().notice(event_type)
        if not (lost and effects):
            return effects
        attempts = (*s.attempts[:-1], Attempt(s.attempts[-1].recorder))
        return [core.Notify(event_type, attempts)]


MUTANT = Mutant(
    name="notices-without-the-loss",
    part="client",
    summary="names the recorder of a lost recording as one that worked",
    breaks=("notice-3",),
    shown_by=("loss/error-frame",),
    overlay={Client: _Without},
)
