"""An SSH server whose notices have no word for an attempt without one."""

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
        for attempt in told["RecordingAttempts"]:
            attempt["FailureMessage"] = None
        return told


MUTANT = Mutant(
    name="notices-null-messages",
    part="ssh-server",
    summary="writes FailureMessage of an attempt as null",
    breaks=("notice-9", "notice-3"),
    shown_by=("reject/exec",),
    overlay={Site: _Notices},
)
