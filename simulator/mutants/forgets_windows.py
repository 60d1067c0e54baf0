"""An SSH server that does not tell the command of a new window."""

from __future__ import annotations

import time

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import Resize, SshSession


class _Forgets(SshSession):
    def resized(self, width: int, height: int) -> None:
        self.tell(core.Output(Resize(time.monotonic_ns(), width, height)))


MUTANT = Mutant(
    name="forgets-windows",
    part="ssh-server",
    summary="records a change of the window, and keeps it from the command",
    breaks=("streaming-5",),
    shown_by=("basic/window",),
    overlay={SshSession: _Forgets},
)
