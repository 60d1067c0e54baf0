"""An SSH server that takes rows for columns."""

from __future__ import annotations

import msgspec

from conformance.wire import (
    CastHeader,
)
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Header(SshSession):
    def header(self) -> CastHeader:
        width, height = self.request.width, self.request.height
        return msgspec.structs.replace(super().header(), width=height, height=width)


MUTANT = Mutant(
    name="swaps-width-and-height",
    part="ssh-server",
    summary="says the rows of the terminal as its width",
    breaks=("header-25",),
    shown_by=("basic/term",),
    overlay={SshSession: _Header},
)
