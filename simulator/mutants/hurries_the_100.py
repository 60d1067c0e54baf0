"""A recorder client that gives a v1 recorder a second to send the interim 100."""

from __future__ import annotations

from conformance.wire import SECOND
from simulator.client import Client
from simulator.client_steps import Effects, Open, SetTimer, Timer
from simulator.overlay import Mutant


class _Hurries(Client):
    def open(self, now: int, *, v2: bool) -> Effects:
        effects = super().open(now, v2=v2)
        if v2:
            return effects
        at = min(now + SECOND, self.session.choose_by)
        return [SetTimer(Timer.STEP, at), *(e for e in effects if isinstance(e, Open))]


MUTANT = Mutant(
    name="hurries-the-100",
    part="client",
    summary="gives up a v1 upload when the 100 takes longer than a second",
    breaks=("v1-6", "machine-2"),
    shown_by=("choosing/late-continue",),
    overlay={Client: _Hurries},
)
