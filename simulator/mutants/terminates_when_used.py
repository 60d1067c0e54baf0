"""An SSH server that ends a session only when its user or its command does something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Waits(SshSession):
    _due: core.Terminate | None = None
    _used_now: asyncio.Event

    def _terminate(self, effect: core.Terminate) -> None:
        self._due, self._used_now = effect, asyncio.Event()
        # Until then nothing is over, and nothing is left.
        self._ending = self._loop.create_task(self._used())

    async def _used(self) -> None:
        await self._used_now.wait()
        if self.command is not None:
            await self.command.end(thorough=True)

    def typed(self, data: bytes) -> None:
        if self._due is not None:
            self.user.show(self._due.message.encode(), "stderr")
            self._used_now.set()
        super().typed(data)

    def user_left(self) -> None:
        if self._due is not None:
            self._used_now.set()
        super().user_left()

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Terminate: _terminate,
    }


MUTANT = Mutant(
    name="terminates-when-used",
    part="ssh-server",
    summary="waits for input or output before it terminates",
    breaks=("failure-14", "failure-2"),
    shown_by=("loss/idle",),
    overlay={SshSession: _Waits},
)
