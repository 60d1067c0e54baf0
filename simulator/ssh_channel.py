"""The user's end of a session: one SSH channel, between asyncssh and `SshSession`.

Here stands what SSH means (RFC 4254): requests for a pty, a shell, a command or sftp, window
changes, signals, flow control and exit status.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import cast

import asyncssh
from asyncssh.channel import SSHChannel
from asyncssh.stream import SSHServerStreamSession

from conformance.wire import REJECTED_EXIT_STATUS
from simulator.pty_process import Owner
from simulator.ssh_parties import Request, Running, User
from simulator.ssh_policy import Decision, RefusedError
from simulator.ssh_session import SshSession


class Connection:
    """What the channels of one SSH connection share; see `ssh_server.SshServer`."""

    peer: str
    connection_id: str
    ssh_user: str

    async def decide(self) -> Decision:
        """Return what counts for the connection; RefusedError says why nothing does."""
        raise NotImplementedError

    def session(self, request: Request, user: User) -> SshSession:
        """Build a session."""
        raise NotImplementedError


class Sftp:
    """The sftp server on a channel, in place of a command."""

    status: int | None = None

    def __init__(self, stream: SSHServerStreamSession[bytes], owner: Owner) -> None:
        self._owner = owner
        self._stream = stream
        stream.session_started()

    def write(self, data: bytes) -> None:
        """Pass on what the user's client sent."""
        self._stream.data_received(data, None)

    def write_eof(self) -> None:
        """Pass on the end."""
        self._stream.eof_received()

    def hang_up(self) -> None:
        """The channel is gone, or sftp closed it: sftp is over."""
        if self.status is None:
            self.status = 0
            asyncio.get_running_loop().call_soon(self._owner.command_exited, 0)

    def set_reading(self, *, wanted: bool) -> None:
        """Sftp minds its own flow control."""

    def resize(self, width: int, height: int) -> None:
        """Sftp has no window."""

    def send_signal(self, number: int) -> None:
        """Sftp takes no signals."""

    def silence(self) -> None:
        """Sftp ends with its channel."""

    async def end(self, *, thorough: bool) -> None:
        """Sftp leaves no process."""


class SshChannel(asyncssh.SSHServerSession[bytes]):
    """Session channel number `number` of a connection."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        self._number = number
        self._chan: asyncssh.SSHServerChannel[bytes] | None = None
        self._session: SshSession | None = None
        self._starting: asyncio.Task[None] | None = None
        self._sftp: SSHServerStreamSession[bytes] | None = None
        self._pty = False
        self._size = (0, 0)
        self._shell = ""
        self._command = ""

    # --- what asyncssh reports ------------------------------------------------------------------

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        self._chan = chan

    def pty_requested(
        self,
        term_type: str,  # noqa: ARG002
        term_size: tuple[int, int, int, int],
        term_modes: object,  # noqa: ARG002
    ) -> bool:
        """Grant a pty."""
        self._pty = True
        self._size = term_size[:2]
        return True

    def shell_requested(self) -> bool:
        """Grant a shell."""
        self._shell = "shell"
        return True

    def exec_requested(self, command: str) -> bool:
        """Grant a command."""
        self._shell, self._command = "exec", command
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """Grant sftp and no other subsystem."""
        if subsystem != "sftp" or self._chan is None:
            return False
        self._shell = "sftp"
        self._sftp = SSHServerStreamSession(None, _sftp_server, 3)
        self._sftp.connection_made(self._chan)
        return True

    def session_started(self) -> None:
        """Everything is asked for: find out what counts, and begin."""
        assert self._chan is not None
        env = dict(self._chan.get_environment())
        connection = self._connection
        request = Request(
            session=f"{connection.connection_id}/{self._number}",
            peer=connection.peer,
            channel=self._number,
            connection_id=connection.connection_id,
            ssh_user=connection.ssh_user,
            shell=self._shell,
            command=self._command,
            term=env.get("TERM") or (self._chan.get_terminal_type() or ""),
            pty=self._pty,
            width=self._size[0],
            height=self._size[1],
            env=env,
        )
        self._session = connection.session(request, self)
        self._starting = asyncio.get_running_loop().create_task(self._begin(self._session))

    async def _begin(self, session: SshSession) -> None:
        try:
            decision = await self._connection.decide()
        except RefusedError as refused:
            self.show(str(refused).encode() + b"\r\n", "stderr")
            self.exit(REJECTED_EXIT_STATUS)
            session.over()
            return
        session.start(decision)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:  # noqa: ARG002
        """The user typed."""
        if self._session is not None:
            self._session.typed(data)

    def eof_received(self) -> bool:
        """The user ended the input; the channel stays open for the output."""
        if self._session is not None:
            self._session.typed_end()
        return True

    def terminal_size_changed(
        self,
        width: int,
        height: int,
        pixwidth: int,  # noqa: ARG002
        pixheight: int,  # noqa: ARG002
    ) -> None:
        """The user's window changed."""
        self._size = (width, height)
        if self._session is not None:
            self._session.resized(width, height)

    def signal_received(self, signal: str) -> None:
        """The user sent a signal."""
        number = _number_of(signal)
        if number is not None and self._session is not None:
            self._session.signalled(number)

    def break_received(self, msec: int) -> bool:  # noqa: ARG002
        """The user sent a break: an interrupt, as on a serial line."""
        if self._session is not None:
            self._session.signalled(signal.SIGINT)
        return True

    def pause_writing(self) -> None:
        """The user's client does not keep up."""
        if self._sftp is not None:
            self._sftp.pause_writing()
        elif self._session is not None:
            self._session.user_slow(True)

    def resume_writing(self) -> None:
        """The user's client keeps up again."""
        if self._sftp is not None:
            self._sftp.resume_writing()
        elif self._session is not None:
            self._session.user_slow(False)

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed, by either side, or its connection broke."""
        self._chan = None
        if self._sftp is not None:
            self._sftp.connection_lost(exc)
        if self._session is None or self._starting is None:
            return
        if self._starting.done():
            self._session.user_left()
        else:
            # It was not yet known what counts: nothing has begun.
            self._starting.cancel()
            self._session.over()

    # --- what the session does to the user ------------------------------------------------------

    def show(self, data: bytes, stream: str) -> None:
        """Send output; nothing happens when the user is gone."""
        if self._chan is None or self._chan.is_closing():
            return
        if stream == "stderr":
            self._chan.write_stderr(data)
        else:
            self._chan.write(data)

    def exit(self, status: int) -> None:
        """Tell the exit status, or the signal's name, and close."""
        if self._chan is None or self._chan.is_closing():
            return
        if status < 0:
            self._chan.exit_with_signal(_name_of(-status))
        else:
            self._chan.exit(status)

    def take_input(self, wanted: bool) -> None:
        """Read what the user types, or leave it."""
        if self._chan is not None:
            turn: Callable[[], None] = (
                self._chan.resume_reading if wanted else self._chan.pause_reading
            )
            turn()

    def run_sftp(self, owner: Owner) -> Running:
        """Serve sftp on this channel."""
        assert self._sftp is not None
        return Sftp(self._sftp, owner)


def _sftp_server(chan: SSHChannel[bytes]) -> asyncssh.SFTPServer:
    """Serve the server's user's files, all of them."""
    return asyncssh.SFTPServer(cast("asyncssh.SSHServerChannel[bytes]", chan))


def _number_of(name: str) -> int | None:
    """Return the number of the signal `name` (without SIG), or None when there is none."""
    try:
        return signal.Signals[f"SIG{name}"].value
    except KeyError:
        return None


def _name_of(number: int) -> str:
    """Return the name of a signal without SIG; real-time signals get their number."""
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return f"{number}@recspec"
