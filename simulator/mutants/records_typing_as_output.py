"""An SSH server that records what is typed as if it had been shown."""

from __future__ import annotations

import time

from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Typing(SshSession):
    def typed(self, data: bytes) -> None:
        super().typed(data)
        if self.writer is not None:
            line = self.writer.output_line(data.decode(), time.monotonic_ns())
            for upload in self._uploads.values():
                upload.send(line)


MUTANT = Mutant(
    name="records-typing-as-output",
    part="ssh-server",
    summary="writes what the user types into the recording as output, echo or not",
    breaks=("privacy-3", "privacy-1", "streaming-2"),
    shown_by=("user/password",),
    overlay={SshSession: _Typing},
)
