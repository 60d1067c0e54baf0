"""An SSH server that fails closed when nobody said what to do."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Enforces(SshSession):
    def tell(self, event: core.Event) -> None:
        if isinstance(event, core.PolicyAnswered) and event.required:
            event = core.PolicyAnswered(
                required=True,
                recorders=event.recorders,
                reject_message=event.reject_message or "Recording failed.",
                terminate_message=event.terminate_message or "Recording failed.",
                notify=event.notify,
            )
        super().tell(event)


MUTANT = Mutant(
    name="enforces-by-default",
    part="ssh-server",
    summary="rejects and terminates with words of its own where there is no failure action",
    breaks=("failure-11", "failure-5", "machine-2", "machine-8", "streaming-5"),
    shown_by=("open/no-action",),
    overlay={SshSession: _Enforces},
)
