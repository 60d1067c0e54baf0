"""An SSH server that refuses, and says that all went well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Zero(SshSession):
    def _reject(self, effect: core.Reject) -> None:
        self.user.show(effect.message.encode() + b"\r\n", "stdout")
        self.user.exit(0)

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Reject: _reject,
    }


MUTANT = Mutant(
    name="rejects-with-status-0",
    part="ssh-server",
    summary="ends a rejected session with status 0",
    breaks=("failure-1", "failure-4"),
    shown_by=("reject/exec",),
    overlay={SshSession: _Zero},
)
