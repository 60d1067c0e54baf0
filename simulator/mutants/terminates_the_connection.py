"""An SSH server that ends the whole connection when one of its recordings is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_policy import Decision
from simulator.ssh_session import SshSession


class _Together(SshSession):
    _together: ClassVar[dict[str, list[SshSession]]] = {}

    def start(self, decision: Decision) -> None:
        self._together.setdefault(self.request.connection_id, []).append(self)
        super().start(decision)

    def _terminate(self, effect: core.Terminate) -> None:
        super()._terminate(effect)
        for session in self._together[self.request.connection_id]:
            if session is not self and session.command is not None:
                session.command.hang_up()

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Terminate: _terminate,
    }


MUTANT = Mutant(
    name="terminates-the-connection",
    part="ssh-server",
    summary="terminates the other sessions of the connection too",
    breaks=("failure-15", "streaming-5"),
    shown_by=("loss/neighbour",),
    overlay={SshSession: _Together},
)
