"""An SSH server that starts the command only once its notice was taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Waits(SshSession):
    def _start_command(self, effect: core.StartCommand) -> None:
        if self._notice is None or self._notice.done():
            super()._start_command(effect)
        else:
            self._notice.add_done_callback(lambda _: self._start_command(effect))

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.StartCommand: _start_command,
    }


MUTANT = Mutant(
    name="waits-for-notice",
    part="driver",
    summary="holds the session up until the control plane has taken the notice",
    breaks=("notice-8",),
    shown_by=("open/control-silent",),
    overlay={SshSession: _Waits},
)
