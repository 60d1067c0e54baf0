"""An SSH server that records the environment of its commands."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), env={"TERM": "xterm", "HOME": "/root"})


MUTANT = Mutant(
    name="records-the-environment",
    part="ssh-server",
    summary="records HOME beside TERM",
    breaks=("privacy-7", "header-27"),
    shown_by=("basic/exec",),
    overlay={SshSession: _Header},
)
