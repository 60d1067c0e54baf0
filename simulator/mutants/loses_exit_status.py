"""An SSH server that tells everybody that all went well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Loses(SshSession):
    def _exit(self, effect: core.Exit) -> None:  # noqa: ARG002
        super()._exit(core.Exit(0))

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Exit: _exit,
    }


MUTANT = Mutant(
    name="loses-exit-status",
    part="ssh-server",
    summary="tells status 0, whatever the command exited with",
    breaks=("streaming-5",),
    shown_by=("basic/exec",),
    overlay={SshSession: _Loses},
)
