"""The reference SSH server: connections, and what all their sessions share.

Authentication is "none": who connects is known from the address, as on a tailnet. Commands run as
the server's own user, whatever the local user is called. Every session of a connection asks the
policy's one answer. sftp and local port forwarding are served and never recorded.

Sources: protocol sections 2, 5 and 6.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncssh
import msgspec

from conformance import history
from conformance.wire import DEFAULT_TERM, Notice, SSHAction, Timers
from simulator import client_steps as core
from simulator.control_client import ControlError, on_control, request
from simulator.overlay import Overlay
from simulator.pty_process import Program
from simulator.ssh_channel import Connection, SshChannel
from simulator.ssh_parties import Request, Surroundings, User
from simulator.ssh_policy import Decision, Policy
from simulator.ssh_session import SshSession

NOTICE_LIMIT = 10.0
"""Seconds for posting one notice."""
STOP_GRACE = 2.0
"""Seconds that sessions and notices get when the server stops."""
CAP_VERSION = 106
"""Capability version in a notice: any that has recording will do."""
NOTICE_TAKEN = 201


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How to serve.

    With `action` it counts for everyone; else the control plane at the URL `control` is asked.
    With both, the control plane is asked only who connects, and takes the notices.
    """

    name: str
    host: str
    port: int
    action: SSHAction | None = None
    control: str = ""
    node_key: str = ""
    timers: Timers = Timers()
    source_addr: str = ""
    """The local address to dial from; empty: any."""
    host_key: str = ""
    """A private key file; empty: one is made."""
    shell: str = ""
    """The shell that runs everything; empty: the server's user's own."""
    directory: str = ""
    """Where commands start; empty: the home directory of the server's user."""


class Site:
    """One running server: its connections, sessions and notices."""

    def __init__(self, config: ServerConfig, log: history.Log, overlay: Overlay) -> None:
        self.config = config
        self.overlay = overlay
        self.policy = overlay(Policy)(
            config.name, config.action, config.control, config.source_addr
        )
        self.surroundings = Surroundings(
            log=log,
            overlay=overlay,
            timers=config.timers,
            source_addr=config.source_addr,
            notify=self.notify,
            program=self.program,
        )
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.sessions: set[SshSession] = set()
        self._account = pwd.getpwuid(os.getuid())
        self._notices: set[asyncio.Task[None]] = set()

    def session(self, request: Request, user: User) -> SshSession:
        """Build a session and keep it until it has left."""
        session = self.overlay(SshSession)(request, user, self.surroundings)
        self.sessions.add(session)
        session.on_left = self.sessions.discard
        return session

    def program(self, request: Request, decision: Decision) -> Program:
        """Return what to run for a request."""
        account, config = self._account, self.config
        shell = config.shell or account.pw_shell or "/bin/sh"
        directory = config.directory or account.pw_dir
        address, _, port = request.peer.rpartition(":")
        env = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        env |= request.env
        env |= {
            "HOME": directory,
            "LOGNAME": decision.local_user,
            "SHELL": shell,
            "SSH_CLIENT": f"{address} {port} {config.port}",
            "SSH_CONNECTION": f"{address} {port} {config.host} {config.port}",
            "USER": decision.local_user,
        }
        if request.pty:
            env["TERM"] = request.term or DEFAULT_TERM
        return Program(
            argv=[shell, "-l"] if request.shell == "shell" else [shell, "-c", request.command],
            env=env,
            directory=directory,
            size=(request.width, request.height) if request.pty else None,
        )

    # --- notices --------------------------------------------------------------------------------

    def notify(
        self, request: Request, decision: Decision, notice: core.Notify
    ) -> asyncio.Task[None]:
        """Post a notice in the background; its outcome changes nothing."""
        task = asyncio.get_running_loop().create_task(self._post(request, decision, notice))
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)
        return task

    async def _post(self, session: Request, decision: Decision, notice: core.Notify) -> None:
        # What became of it changes nothing for the session (section 5): a control plane that is
        # slow, down or refuses the notice shows in the control plane's own part of the history.
        with contextlib.suppress(ControlError):
            await self.deliver(
                self.notice_url(decision),
                msgspec.json.encode(self.notice(session, decision, notice)),
            )

    def notice(self, session: Request, decision: Decision, notice: core.Notify) -> object:
        """Return what a notice says; it is sent as JSON."""
        return Notice(
            event_type=notice.event_type,
            connection_id=session.connection_id,
            cap_version=CAP_VERSION,
            node_key=self.config.node_key,
            src_node=decision.source.numeric_id,
            ssh_user=session.ssh_user,
            local_user=decision.local_user,
            recording_attempts=notice.attempts,
        )

    def notice_url(self, decision: Decision) -> str:
        """Return where a notice goes: NotifyURL's path at the control plane."""
        failure = decision.action.on_recording_failure
        assert failure is not None
        return on_control(self.config.control, failure.notify_url)

    async def deliver(self, url: str, body: bytes) -> None:
        """Post a notice; ControlError when it does not arrive."""
        await request("POST", url, body, limit=NOTICE_LIMIT, source_addr=self.config.source_addr)

    # --- the end --------------------------------------------------------------------------------

    async def close(self) -> None:
        """Hang up on everyone, and leave nothing behind."""
        for connection in tuple(self.connections):
            connection.abort()
        leaving = [asyncio.ensure_future(session.left.wait()) for session in self.sessions]
        waiting: set[asyncio.Future[Any]] = {*leaving, *self._notices}
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=STOP_GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await asyncio.gather(*(session.abandon() for session in tuple(self.sessions)))


class SshServer(asyncssh.SSHServer, Connection):
    """One SSH connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._conn: asyncssh.SSHServerConnection | None = None
        self._next = 0
        self._deciding: asyncio.Task[Decision] | None = None
        self.peer = ""
        self.ssh_user = ""
        now = datetime.now(UTC)
        self.connection_id = f"ssh-conn-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(5)}"

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Note who is there."""
        self._conn = conn
        self._site.connections.add(conn)
        host, port = conn.get_extra_info("peername")[:2]
        self.peer = f"{host}:{port}"

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget the connection; its channels are told one by one."""
        if self._conn is not None:
            self._site.connections.discard(self._conn)
        if self._deciding is not None:
            self._deciding.cancel()

    def begin_auth(self, username: str) -> bool:
        """Ask for no authentication."""
        self.ssh_user = username
        return False

    def session_requested(self) -> SshChannel:
        """Open a session channel."""
        channel = self._site.overlay(SshChannel)(self, self._next)
        self._next += 1
        return channel

    def connection_requested(
        self,
        dest_host: str,  # noqa: ARG002
        dest_port: int,  # noqa: ARG002
        orig_host: str,  # noqa: ARG002
        orig_port: int,  # noqa: ARG002
    ) -> bool:
        """Allow local port forwarding."""
        return True

    async def decide(self) -> Decision:
        """Ask the policy, once per connection."""
        if self._deciding is None:
            address = self.peer.rpartition(":")[0]
            asking = self._site.policy.decide(address, self.ssh_user)
            self._deciding = asyncio.get_running_loop().create_task(asking)
        return await asyncio.shield(self._deciding)

    def session(self, request: Request, user: User) -> SshSession:
        """Build a session."""
        return self._site.session(request, user)


def host_key(path: str) -> asyncssh.SSHKey:
    """Read the host key, or make one; OSError or asyncssh.KeyImportError when it is no good."""
    if path:
        return asyncssh.read_private_key(path)
    return asyncssh.generate_private_key("ssh-ed25519")


async def serve_ssh(
    config: ServerConfig,
    log: history.Log,
    *,
    overlay: Overlay,
    stop: asyncio.Event,
    listening: Callable[[str], None],
) -> None:
    """Serve until `stop` is set; `listening` gets ``host:port`` once connections are accepted.

    The caller ends the server's part of the history. OSError when the address cannot be listened
    on or the host key cannot be read, asyncssh.KeyImportError when it is none.
    """
    key = host_key(config.host_key)
    site = overlay(Site)(config, log, overlay)
    acceptor = await asyncssh.listen(
        config.host,
        config.port,
        server_factory=lambda: SshServer(site),
        server_host_keys=[key],
        # The cheapest of what every client knows: connections are many and short.
        kex_algs=["curve25519-sha256", "curve25519-sha256@libssh.org"],
        encryption_algs=["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"],
        compression_algs=["none"],
        line_editor=False,
        encoding=None,
        x11_forwarding=False,
        agent_forwarding=False,
        gss_host=None,
    )
    try:
        listening(f"{config.host}:{acceptor.get_port()}")
        await stop.wait()
    finally:
        acceptor.close()
        await site.close()
        await acceptor.wait_closed()
