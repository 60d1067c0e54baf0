"""An SSH server that names the shell as the command."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), command=self.request.command or "/bin/sh")


MUTANT = Mutant(
    name="names-the-shell",
    part="ssh-server",
    summary="says /bin/sh as the command of a shell",
    breaks=("header-26",),
    shown_by=("basic/v2-shell",),
    overlay={SshSession: _Header},
)
