"""An SSH server that has one connection ID for all."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), connection_id="ssh-conn")


MUTANT = Mutant(
    name="has-one-connection",
    part="ssh-server",
    summary="says the same connectionID in all recordings",
    breaks=("header-30",),
    shown_by=("basic/two-at-once",),
    overlay={SshSession: _Header},
)
