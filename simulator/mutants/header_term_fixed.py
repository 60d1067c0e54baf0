"""An SSH server for which every terminal is an xterm."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        return msgspec.structs.replace(super().header(), env={"TERM": "xterm-256color"})


MUTANT = Mutant(
    name="records-one-terminal",
    part="ssh-server",
    summary="says xterm-256color in every header",
    breaks=("header-27",),
    shown_by=("basic/term",),
    overlay={SshSession: _Header},
)
