"""An SSH server whose unrecorded sessions are over without having come to an end state."""

from __future__ import annotations

from conformance.machine import State
from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Never(Client):
    def complete(self) -> Effects:
        return [e for e in super().complete() if e != core.Enter(State.SESSION_COMPLETE)]


MUTANT = Mutant(
    name="never-completes",
    part="client",
    summary="ends a session that went on unrecorded without SessionComplete",
    breaks=("machine-3", "machine-2"),
    shown_by=("open/no-action",),
    overlay={Client: _Never},
)
