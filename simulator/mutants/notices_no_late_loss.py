"""An SSH server that tells nobody of what is lost once the command has exited."""

from __future__ import annotations

from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _NotLate(Client):
    def notice(self, event_type: int) -> Effects:
        late = self.session.exit_status is not None
        return [] if late else super().notice(event_type)


MUTANT = Mutant(
    name="notices-no-late-loss",
    part="client",
    summary="sends no notice of a recording that fails at its end",
    breaks=("notice-11", "notice-1"),
    shown_by=("loss/bad-final",),
    overlay={Client: _NotLate},
)
