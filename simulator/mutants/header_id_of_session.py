"""An SSH server that gives every session an ID of its own."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), connection_id=self.request.session)


MUTANT = Mutant(
    name="numbers-sessions-not-connections",
    part="ssh-server",
    summary="says another connectionID in each session of a connection",
    breaks=("header-30",),
    shown_by=("basic/multiplexed",),
    overlay={SshSession: _Header},
)
