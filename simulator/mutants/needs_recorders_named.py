"""An SSH server that records only when recorders are listed by name."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.ssh_policy import Decision
from simulator.ssh_session import SshSession


class _Needs(SshSession):
    def required(self, decision: Decision) -> bool:
        return super().required(decision) and decision.action.recorders is not None


MUTANT = Mutant(
    name="needs-recorders-named",
    part="ssh-server",
    summary="takes a failure action without recorders for none",
    breaks=("policy-16", "failure-1", "failure-12", "machine-2"),
    shown_by=("reject/no-list",),
    overlay={SshSession: _Needs},
)
