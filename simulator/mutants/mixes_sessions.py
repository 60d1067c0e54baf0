"""An SSH server with one recording for each connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_policy import Decision
from simulator.ssh_session import Chunk, SshSession


class _Mixes(SshSession):
    _first: ClassVar[dict[str, SshSession]] = {}

    def start(self, decision: Decision) -> None:
        self._first.setdefault(self.request.connection_id, self)
        super().start(decision)

    def _send(self, effect: core.Send) -> None:
        first = self._first[self.request.connection_id]
        if first is self or not isinstance(effect.data, Chunk) or first.writer is None:
            super()._send(effect)
            return
        line = first.writer.output_line(effect.data.text, effect.data.at)
        for upload in first._uploads.values():  # noqa: SLF001 - that is the defect
            upload.send(line)
        for upload in self._uploads.values():
            upload.send(b"")

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Send: _send,
    }


MUTANT = Mutant(
    name="mixes-sessions",
    part="ssh-server",
    summary="writes all output of a connection into the recording of its first session",
    breaks=("streaming-15", "streaming-1", "streaming-2"),
    shown_by=("basic/multiplexed-open",),
    overlay={SshSession: _Mixes},
)
