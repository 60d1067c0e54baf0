"""An SSH server whose notices name the node as text."""

from __future__ import annotations

from typing import Any

import msgspec

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_parties import Request
from simulator.ssh_policy import Decision
from simulator.ssh_server import Site


class _Notices(Site):
    def notice(self, session: Request, decision: Decision, notice: core.Notify) -> object:
        told: dict[str, Any] = msgspec.to_builtins(super().notice(session, decision, notice))
        told["SrcNode"] = str(told["SrcNode"])
        return told


MUTANT = Mutant(
    name="notices-node-as-text",
    part="ssh-server",
    summary="writes SrcNode of a notice as a string",
    breaks=("notice-4",),
    shown_by=("reject/exec",),
    overlay={Site: _Notices},
)
