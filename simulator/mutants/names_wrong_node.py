"""An SSH server that names itself in the header, where the user's node belongs."""

from __future__ import annotations

import msgspec

from conformance.wire import CastHeader
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _NamesItself(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), src_node="prod-1", src_node_id="nPROD1")


MUTANT = Mutant(
    name="names-wrong-node",
    part="driver",
    summary="names the server's node in the header, not the user's",
    breaks=("header-28",),
    shown_by=("basic/v2-shell",),
    overlay={SshSession: _NamesItself},
)
