"""An SSH server that does not say what was run."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), command="")


MUTANT = Mutant(
    name="forgets-the-command",
    part="ssh-server",
    summary="leaves the command out of the header",
    breaks=("header-26",),
    shown_by=("basic/exec",),
    overlay={SshSession: _Header},
)
