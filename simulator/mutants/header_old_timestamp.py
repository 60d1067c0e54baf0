"""An SSH server whose recordings begin when its clock was set."""

from __future__ import annotations

import time

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), timestamp=int(time.time()) - 3600)


MUTANT = Mutant(
    name="dates-recordings-wrong",
    part="ssh-server",
    summary="says a timestamp of an hour ago",
    breaks=("header-5",),
    shown_by=("basic/exec",),
    overlay={SshSession: _Header},
)
