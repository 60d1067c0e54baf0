"""An SSH server that looks for a recorder also where nobody asked for a recording."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Wants(Client):
    def policy_answered(self, event: core.PolicyAnswered, now: int) -> Effects:
        required = core.PolicyAnswered(
            required=True,
            recorders=event.recorders,
            reject_message=event.reject_message,
            terminate_message=event.terminate_message,
            notify=event.notify,
        )
        return super().policy_answered(required, now)


MUTANT = Mutant(
    name="wants-to-record-everyone",
    part="client",
    summary="goes by FindRecorder when recording is not required",
    breaks=("machine-4", "machine-2"),
    shown_by=("basic/not-recorded",),
    overlay={Client: _Wants},
)
