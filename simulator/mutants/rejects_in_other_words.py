"""An SSH server that refuses in words of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Words(SshSession):
    def _reject(self, effect: core.Reject) -> None:  # noqa: ARG002
        super()._reject(core.Reject("This session cannot be recorded."))

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Reject: _reject,
    }


MUTANT = Mutant(
    name="rejects-in-other-words",
    part="ssh-server",
    summary="shows its own words in place of the reject message",
    breaks=("failure-1",),
    shown_by=("reject/exec",),
    overlay={SshSession: _Words},
)
