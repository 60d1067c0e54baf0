"""An SSH server that lets nobody on whose failure it could not tell of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_parties import Request
from simulator.ssh_policy import Decision
from simulator.ssh_server import Site
from simulator.ssh_session import SshSession


class _GivesUp(SshSession):
    def _notify(self, effect: core.Notify) -> None:
        super()._notify(effect)
        assert self._notice is not None
        self._notice.add_done_callback(self._delivered)

    def _delivered(self, notice: asyncio.Task[None]) -> None:
        if notice.cancelled() or notice.exception() is not None:
            self.user.exit(1)
            self._ending = self._loop.create_task(self._end_command())

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Notify: _notify,
    }


class _Tells(Site):
    async def _post(self, session: Request, decision: Decision, notice: core.Notify) -> None:
        body = msgspec.json.encode(self.notice(session, decision, notice))
        await self.deliver(self.notice_url(decision), body)


MUTANT = Mutant(
    name="gives-up-with-the-control-plane",
    part="ssh-server",
    summary="ends a session that fails open when its notice could not be delivered",
    breaks=("notice-7", "failure-6", "streaming-5"),
    shown_by=("loss/control-down",),
    overlay={SshSession: _GivesUp, Site: _Tells},
)
