"""An SSH server whose notices quote the end of what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from conformance.wire import (
    Attempt,
)
from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import Chunk, SshSession


class _Quotes(SshSession):
    _shown = ""

    def show(self, chunk: Chunk) -> None:
        self._shown += chunk.text
        super().show(chunk)

    def _notify(self, effect: core.Notify) -> None:
        last = effect.attempts[-1]
        quoting = Attempt(last.recorder, f"{last.failure_message} after {self._shown}")
        super()._notify(core.Notify(effect.event_type, (*effect.attempts[:-1], quoting)))

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Notify: _notify,
    }


MUTANT = Mutant(
    name="notices-with-output",
    part="ssh-server",
    summary="puts the last output into the failure message of a notice",
    breaks=("privacy-2",),
    shown_by=("loss/killed-both",),
    overlay={SshSession: _Quotes},
)
