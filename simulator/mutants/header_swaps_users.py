"""An SSH server that names the owner of the node as the user who was asked for."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), ssh_user="alice@example.com")


MUTANT = Mutant(
    name="swaps-users",
    part="ssh-server",
    summary="says the login of the tailnet as sshUser",
    breaks=("header-29",),
    shown_by=("basic/exec",),
    overlay={SshSession: _Header},
)
