"""The SSH server in virtual time: connections, channels, decisions and notices.

What SSH itself does (encryption, windows, requests one by one) is not modelled: a connection is two
lanes between a user and the server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import msgspec
import simpy

from conformance import history
from conformance.wire import REJECTED_EXIT_STATUS, SECOND, Notice, Timers
from simulator import client_steps as core
from simulator.control_client import ControlError, on_control
from simulator.overlay import Overlay
from simulator.ssh_parties import Request
from simulator.ssh_policy import Decision, RefusedError
from simulator.ssh_server import CAP_VERSION
from simulator.virtual.clock import Clock, Dice, Steps
from simulator.virtual.command import VirtualCommand
from simulator.virtual.control import NOTICE_LIMIT, URL, VirtualControl, VirtualPolicy
from simulator.virtual.network import Lane, Route
from simulator.virtual.session import EPOCH_S, Running, Surroundings, VirtualSession
from simulator.virtual.sftp import VirtualSftp
from simulator.virtual.upload import Dialler


class UserEnd(Protocol):
    """What reaches a user of one session."""

    def shown(self, data: bytes, stream: str) -> None:
        """Output."""

    def exited(self, status: int) -> None:
        """How the command ended: a status, or minus a signal's number."""

    def closed(self) -> None:
        """The channel is closed."""


class Channel:
    """One session channel: the server's end of it, which also is the session's user."""

    def __init__(self, lane: Lane, user: UserEnd) -> None:
        self.session: VirtualSession | None = None
        self.gone = False
        """The user's end is gone, and nobody need be told."""
        self._lane = lane
        self._user = user
        self._closed = False

    def show(self, data: bytes, stream: str) -> None:
        """Send output."""
        if not self._closed and not self.gone:
            self._lane.put(partial(self._user.shown, data, stream), len(data))

    def exit(self, status: int) -> None:
        """Tell how it ended, and close."""
        if not self._closed and not self.gone:
            self._closed = True
            self._lane.put(partial(self._user.exited, status))
            self._lane.put(self._user.closed)

    def typed(self, data: bytes) -> None:
        """The user typed."""
        if self.session is not None and not self.gone:
            self.session.typed(data)

    def typed_end(self) -> None:
        """The user ended the input; the channel stays open for the output."""
        if self.session is not None and not self.gone:
            self.session.typed_end()

    def resized(self, width: int, height: int) -> None:
        """The user's window changed."""
        if self.session is not None and not self.gone:
            self.session.resized(width, height)

    def left(self) -> None:
        """The user's end is gone."""
        if not self.gone:
            self.gone = True
            if self.session is not None:
                self.session.user_left()


class Connection:
    """One SSH connection, seen from the user's side: everything takes its time to the server."""

    def __init__(self, server: VirtualServer, peer: str, ssh_user: str) -> None:
        self._server = server
        self._outward, self._inward = Lane(server.route), Lane(server.route, outward=False)
        self._channels: list[Channel] = []
        self._deciding: simpy.Process | None = None
        self.peer = peer
        self.ssh_user = ssh_user
        now = datetime.fromtimestamp(EPOCH_S + server.clock.now() // SECOND, UTC)
        self.connection_id = f"ssh-conn-{now:%Y%m%dT%H%M%S}-{server.dice.hex(10)}"

    def request(self, request: Request, user: UserEnd) -> Channel:
        """Ask for a session."""
        channel = Channel(self._inward, user)
        self._channels.append(channel)
        self._outward.put(lambda: self._requested(request, channel))
        return channel

    def _requested(self, request: Request, channel: Channel) -> None:
        self._server.clock.run(self._begin(request, channel))

    def to_server(self, action: Callable[[], None], size: int = 64) -> None:
        """Let something reach the server."""
        self._outward.put(action, size)

    def echo(self, size: int, back: Callable[[], None]) -> None:
        """Send something through a port forward to an echo service, and call when it is back."""
        self._outward.put(lambda: self._inward.put(back, size), size)

    def abort(self) -> None:
        """Drop the connection."""
        for channel in self._channels:
            self._outward.put(channel.left)

    def _begin(self, request: Request, channel: Channel) -> Steps:
        session = channel.session = self._server.session(request, channel)
        if self._deciding is None:
            self._deciding = self._server.clock.run(self._decide())
        decided = yield self._deciding
        if channel.gone:
            return
        if isinstance(decided, RefusedError):
            channel.show(str(decided).encode() + b"\r\n", "stderr")
            channel.exit(REJECTED_EXIT_STATUS)
            return
        session.start(decided)

    def _decide(self) -> Steps:
        address = self.peer.rpartition(":")[0]
        asking = self._server.policy.decide(address, self.ssh_user)
        try:
            decision: Decision = yield from asking.__await__()
        except RefusedError as refused:
            return refused
        return decision


class VirtualServer:
    """The server, and what its sessions share."""

    def __init__(
        self,
        clock: Clock,
        dice: Dice,
        log: history.Log,
        *,
        name: str,
        overlay: Overlay,
        timers: Timers,
        control: VirtualControl,
        dialler: Dialler,
    ) -> None:
        self.clock = clock
        self.dice = dice
        self.route = Route(clock, dice)
        """Between the users and the server."""
        self.policy = VirtualPolicy(name, control)
        self._control = control
        self._surroundings = Surroundings(
            clock=clock,
            dice=dice,
            log=log,
            overlay=overlay,
            timers=timers,
            dialler=dialler,
            notify=self._notify,
            command=self._command,
        )

    def session(self, request: Request, channel: Channel) -> VirtualSession:
        """Build a session."""
        return VirtualSession(request, channel, self._surroundings)

    def _command(self, request: Request, session: VirtualSession) -> Running:
        if request.shell == "sftp":
            return VirtualSftp(self.clock, session)
        return VirtualCommand(self.clock, self.dice, request, session)

    def _notify(self, request: Request, decision: Decision, notice: core.Notify) -> simpy.Event:
        return self.clock.run(self._post(request, decision, notice))

    def _post(self, request: Request, decision: Decision, notice: core.Notify) -> Steps:
        failure = decision.action.on_recording_failure
        assert failure is not None
        body = Notice(
            event_type=notice.event_type,
            connection_id=request.connection_id,
            cap_version=CAP_VERSION,
            node_key="",
            src_node=decision.source.numeric_id,
            ssh_user=request.ssh_user,
            local_user=decision.local_user,
            recording_attempts=notice.attempts,
        )
        url = on_control(URL, failure.notify_url)
        try:
            yield from self._control.ask("POST", url, msgspec.json.encode(body), NOTICE_LIMIT)
        except ControlError:
            return  # what became of it changes nothing for the session (section 5)
