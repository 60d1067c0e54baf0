"""An SSH server for which one message stands for both."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.client import Client
from simulator.client_steps import Effects
from simulator.overlay import Mutant


class _Takes(Client):
    def policy_answered(self, event: core.PolicyAnswered, now: int) -> Effects:
        both = core.PolicyAnswered(
            required=event.required,
            recorders=event.recorders,
            reject_message=event.reject_message or event.terminate_message,
            terminate_message=event.terminate_message or event.reject_message,
            notify=event.notify,
        )
        return super().policy_answered(both, now)


MUTANT = Mutant(
    name="takes-messages-together",
    part="client",
    summary="rejects with a terminate message, and terminates with a reject message",
    breaks=(
        "failure-10",
        "failure-5",
        "failure-6",
        "machine-2",
        "machine-8",
        "machine-9",
        "notice-2",
        "streaming-5",
    ),
    shown_by=("open/terminate-only", "loss/reject-only"),
    overlay={Client: _Takes},
)
