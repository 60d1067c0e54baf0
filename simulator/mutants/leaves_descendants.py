"""An SSH server that ends the command alone, and not what the command started."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from simulator.overlay import Mutant
from simulator.pty_process import Command

LIMIT_S = 5.0


class _LeavesDescendants(Command):
    async def end(self, *, thorough: bool) -> None:  # noqa: ARG002
        self.silence()
        with suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        await asyncio.wait([self._gone], timeout=LIMIT_S)


MUTANT = Mutant(
    name="leaves-descendants",
    part="driver",
    summary="terminates the command's process group alone, and says that all is ended",
    breaks=("failure-7",),
    shown_by=("loss/descendants",),
    overlay={Command: _LeavesDescendants},
)
