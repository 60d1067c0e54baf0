"""An SSH server that refuses on standard error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from conformance.wire import (
    REJECTED_EXIT_STATUS,
)
from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Stderr(SshSession):
    def _reject(self, effect: core.Reject) -> None:
        self.user.show(effect.message.encode() + b"\r\n", "stderr")
        self.user.exit(REJECTED_EXIT_STATUS)

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Reject: _reject,
    }


MUTANT = Mutant(
    name="rejects-on-stderr",
    part="ssh-server",
    summary="shows the reject message on stderr",
    breaks=("failure-1",),
    shown_by=("reject/exec",),
    overlay={SshSession: _Stderr},
)
