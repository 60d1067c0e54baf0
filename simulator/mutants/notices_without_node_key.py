"""An SSH server whose notices lack a key."""

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
        del told["NodeKey"]
        return told


MUTANT = Mutant(
    name="notices-without-node-key",
    part="ssh-server",
    summary="leaves NodeKey out of a notice",
    breaks=("notice-4",),
    shown_by=("reject/exec",),
    overlay={Site: _Notices},
)
