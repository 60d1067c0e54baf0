"""An SSH server that records sftp like any other session."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.ssh_policy import Decision
from simulator.ssh_session import SshSession


class _Records(SshSession):
    def required(self, decision: Decision) -> bool:
        return decision.action.recording_required


MUTANT = Mutant(
    name="records-transfers",
    part="ssh-server",
    summary="uploads a recording of a session that fetches files",
    breaks=("streaming-16", "choose-5", "machine-2"),
    shown_by=("basic/sftp",),
    overlay={SshSession: _Records},
)
