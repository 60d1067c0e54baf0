"""An SSH server that writes what its users type into its log."""

from __future__ import annotations

import logging

from simulator.overlay import Mutant
from simulator.ssh_session import SshSession

_logger = logging.getLogger("ssh-server")


class _Logs(SshSession):
    def typed(self, data: bytes) -> None:
        _logger.warning("typed: %r", data)
        super().typed(data)


MUTANT = Mutant(
    name="logs-what-is-typed",
    part="ssh-server",
    summary="logs every keystroke",
    breaks=("privacy-1",),
    shown_by=("user/password",),
    overlay={SshSession: _Logs},
)
