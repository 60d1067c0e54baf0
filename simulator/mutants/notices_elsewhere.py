"""An SSH server that sends notices to a path of its own."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.ssh_policy import Decision
from simulator.ssh_server import Site


class _Elsewhere(Site):
    def notice_url(self, decision: Decision) -> str:
        url = super().notice_url(decision)
        return url.rpartition("/")[0] + "/failures"


MUTANT = Mutant(
    name="notices-elsewhere",
    part="ssh-server",
    summary="posts notices to the control plane, and not at the path of NotifyURL",
    breaks=("notice-5",),
    shown_by=("reject/exec",),
    overlay={Site: _Elsewhere},
)
