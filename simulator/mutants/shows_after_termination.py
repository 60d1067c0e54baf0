"""An SSH server that shows a last piece of output after the message that ends the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import Chunk, SshSession


class _After(SshSession):
    _last: Chunk | None = None

    def show(self, chunk: Chunk) -> None:
        self._last = chunk
        super().show(chunk)

    def _terminate(self, effect: core.Terminate) -> None:
        super()._terminate(effect)
        if self._last is not None:
            self.user.show(self._last.raw, self._last.stream)

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Terminate: _terminate,
    }


MUTANT = Mutant(
    name="shows-after-termination",
    part="ssh-server",
    summary="lets the last output reach the user after the terminate message",
    breaks=("failure-2", "failure-3"),
    shown_by=("loss/error-frame",),
    overlay={SshSession: _After},
)
