"""An SSH server that starts the command while it chooses, and says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from conformance import history
from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_parties import Running
from simulator.ssh_session import SshSession


class _Starts(SshSession):
    _running: Running | None = None

    def _probe(self, effect: core.Probe) -> None:
        if self._running is None:
            self.log.note(history.CommandStarted(session=self.request.session, recorded=True))
            self._running = super().run_command()
            self._running.set_reading(wanted=False)
        super()._probe(effect)

    def _start_command(self, effect: core.StartCommand) -> None:
        if self._running is None:  # no recorder was ever probed
            super()._start_command(effect)
            return
        self.command = self._running
        self.command.set_reading(wanted=True)

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Probe: _probe,
        core.StartCommand: _start_command,
    }


MUTANT = Mutant(
    name="starts-early",
    part="ssh-server",
    summary="reports the start of the command before a recorder has taken the recording",
    breaks=("failure-13",),
    shown_by=("basic/unasked",),
    overlay={SshSession: _Starts},
)
