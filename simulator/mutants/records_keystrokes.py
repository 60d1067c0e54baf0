"""An SSH server that records what the user types."""

from __future__ import annotations

import time

from simulator.overlay import Mutant
from simulator.ssh_session import SshSession


class _Keys(SshSession):
    def typed(self, data: bytes) -> None:
        super().typed(data)
        if self.writer is not None:
            line = self.writer._line("i", data.decode(), time.monotonic_ns())  # noqa: SLF001
            for upload in self._uploads.values():
                upload.send(line)


MUTANT = Mutant(
    name="records-keystrokes",
    part="ssh-server",
    summary="writes every keystroke into the recording, with the code `i`",
    breaks=("privacy-3", "events-9"),
    shown_by=("basic/v2-shell",),
    overlay={SshSession: _Keys},
)
