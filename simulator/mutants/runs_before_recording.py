"""An SSH server that starts the command while it still looks for a recorder, and hides it."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.pty_process import Command
from simulator.ssh_parties import Running
from simulator.ssh_policy import Decision
from simulator.ssh_session import SshSession


class Held:
    """Owns the command until the session may have one, and keeps what comes of it."""

    def __init__(self) -> None:
        self.command: Command | None = None
        self._owner: SshSession | None = None
        self._output: list[tuple[bytes, str]] = []
        self._status: int | None = None

    def command_output(self, data: bytes, stream: str) -> None:
        """Keep output, or pass it on."""
        if self._owner is not None:
            self._owner.command_output(data, stream)
        else:
            self._output.append((data, stream))

    def command_exited(self, status: int) -> None:
        """Keep the status, or pass it on."""
        if self._owner is not None:
            self._owner.command_exited(status)
        else:
            self._status = status

    def input_full(self, full: bool) -> None:
        """Nobody types yet."""

    def release(self, owner: SshSession) -> None:
        """Let the session have it all."""
        self._owner = owner
        for data, stream in self._output:
            owner.command_output(data, stream)
        if self._status is not None:
            owner.command_exited(self._status)


class _Runs(SshSession):
    _held: Held | None = None

    def start(self, decision: Decision) -> None:
        if decision.action.recording_required:
            self.decision = decision
            self._held = Held()
            program = self.surroundings.program(self.request, decision)
            self._held.command = Command(program, self._held)
        super().start(decision)

    def run_command(self) -> Running:
        if self._held is None or self._held.command is None:
            return super().run_command()
        self._loop.call_soon(self._held.release, self)
        return self._held.command


MUTANT = Mutant(
    name="runs-before-recording",
    part="ssh-server",
    summary="runs the command at once, and says and shows nothing of it until it may",
    breaks=("failure-13",),
    shown_by=("failover/runs-late", "reject/no-mark"),
    overlay={SshSession: _Runs},
)
