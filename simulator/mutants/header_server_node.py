"""An SSH server that names itself as the node from which the user came."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(
            super().header(), src_node="prod-1.example.ts.net", src_node_id="nPROD1CNTRL"
        )


MUTANT = Mutant(
    name="names-the-server",
    part="ssh-server",
    summary="says its own name and ID as srcNode and srcNodeID",
    breaks=("header-28",),
    shown_by=("basic/exec",),
    overlay={SshSession: _Header},
)
