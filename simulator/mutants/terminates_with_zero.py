"""An SSH server that ends a session, and says that all went well."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Zero(SshSession):
    async def _end_command(self) -> None:
        if self.command is not None:
            await self.command.end(thorough=True)
        self.user.exit(0)


MUTANT = Mutant(
    name="terminates-with-status-0",
    part="ssh-server",
    summary="ends a terminated session with status 0",
    breaks=("failure-2",),
    shown_by=("loss/error-frame",),
    overlay={SshSession: _Zero},
)
