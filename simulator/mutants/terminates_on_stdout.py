"""An SSH server that ends sessions with a message on standard output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Stdout(SshSession):
    def _terminate(self, effect: core.Terminate) -> None:
        self._silence()
        self.user.show(b"\r\n\r\n" + effect.message.encode() + b"\r\n\r\n", "stdout")
        self._ending = self._loop.create_task(self._end_command())

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Terminate: _terminate,
    }


MUTANT = Mutant(
    name="terminates-on-stdout",
    part="ssh-server",
    summary="shows the terminate message on stdout",
    breaks=("failure-2",),
    shown_by=("loss/error-frame",),
    overlay={SshSession: _Stdout},
)
