"""An SSH server for which every terminal is the usual one."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), width=80, height=24)


MUTANT = Mutant(
    name="records-80-by-24",
    part="ssh-server",
    summary="says 80 by 24 in every header",
    breaks=("header-25",),
    shown_by=("basic/term",),
    overlay={SshSession: _Header},
)
