"""An SSH server that tells the control plane also where there is no failure action."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_policy import Decision
from simulator.ssh_server import Site
from simulator.ssh_session import SshSession


class _Unasked(SshSession):
    def tell(self, event: core.Event) -> None:
        if isinstance(event, core.PolicyAnswered):
            event = core.PolicyAnswered(
                required=event.required,
                recorders=event.recorders,
                reject_message=event.reject_message,
                terminate_message=event.terminate_message,
                notify=True,
            )
        super().tell(event)


class _Somewhere(Site):
    def notice_url(self, decision: Decision) -> str:  # noqa: ARG002
        return f"{self.config.control}/ssh/notify/recording"


MUTANT = Mutant(
    name="notices-unasked",
    part="ssh-server",
    summary="sends a notice of every failure, wanted or not",
    breaks=("failure-11", "notice-1"),
    shown_by=("open/no-action",),
    overlay={SshSession: _Unasked, Site: _Somewhere},
)
