"""An SSH server for which a command that has exited has nothing more to say."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.ssh_session import Chunk, SshSession


class _Overtakes(SshSession):
    def take_output(self, chunk: Chunk) -> None:
        self._loop.call_later(0.2, super().take_output, chunk)


MUTANT = Mutant(
    name="exit-overtakes-output",
    part="ssh-server",
    summary="drops output that its reader had not brought in when the command exited",
    breaks=("streaming-19", "streaming-5"),
    shown_by=("output/last-words",),
    overlay={SshSession: _Overtakes},
)
