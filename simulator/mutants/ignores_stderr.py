"""An SSH server that records standard output alone."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.ssh_session import Chunk, SshSession


class _Ignores(SshSession):
    def take_output(self, chunk: Chunk) -> None:
        if chunk.stream == "stderr":
            self.show(chunk)
        else:
            super().take_output(chunk)


MUTANT = Mutant(
    name="ignores-stderr",
    part="ssh-server",
    summary="shows standard error, and does not record it",
    breaks=("streaming-3",),
    shown_by=("basic/unasked", "basic/exec"),
    overlay={SshSession: _Ignores},
)
