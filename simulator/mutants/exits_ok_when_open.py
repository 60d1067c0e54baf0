"""An SSH server that says that all went well when nothing was recorded."""

from __future__ import annotations

from conformance.machine import State
from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Ok(Client):
    def command_exited(self, event: core.CommandExited, now: int) -> Effects:
        effects = super().command_exited(event, now)
        unrecorded = self.session.state is State.SESSION_COMPLETE
        return [core.Exit(0) if unrecorded and isinstance(e, core.Exit) else e for e in effects]


MUTANT = Mutant(
    name="exits-ok-when-open",
    part="client",
    summary="tells status 0 of every session that ran unrecorded",
    breaks=("failure-6", "streaming-5"),
    shown_by=("loss/no-action",),
    overlay={Client: _Ok},
)
