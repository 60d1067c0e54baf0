"""The users of a scenario in virtual time: they type, read, resize and leave as planned.

What each of them does, and what is noted of it, is as `fixtures.users` has it with a real client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import simpy

from conformance.history import (
    ExitSeen,
    Forwarded,
    GaveUp,
    HungUp,
    Log,
    Resized,
    Saw,
    SessionClosed,
    SessionOpened,
    Shown,
    Typed,
    UserConnected,
    UserConnectionFailed,
)
from conformance.scenario import Match, Pty, Step, UserSession
from simulator.ssh_parties import Request
from simulator.virtual.clock import MILLISECOND, Clock, Dice, Steps, nanoseconds
from simulator.virtual.server import Channel, Connection, VirtualServer
from simulator.virtual.sftp import FILES

_TAIL = 1 << 20
"""Bytes of a session's output that are kept for `see` to look in."""
_SIGNALS = {1: "HUP", 9: "KILL", 15: "TERM"}
_FIRST_PORT = 40_001


class _Terminal:
    """The user's end of one session."""

    def __init__(self, clock: Clock, name: str, log: Log) -> None:
        self.name = name
        self.is_closed = False
        self.leave: Callable[[], None] = _nothing
        """What closes the channel from this end."""
        self._clock = clock
        self._log = log
        self._tail = bytearray()
        self._closed = clock.event()
        self._changed = clock.event()

    # --- what reaches the user --------------------------------------------------------------------

    def shown(self, data: bytes, stream: str) -> None:
        """Output."""
        if self.is_closed:
            return
        self._log.note(Shown(session=self.name, data=data, stream=stream))
        self._tail += data
        del self._tail[:-_TAIL]
        self._wake()

    def exited(self, status: int) -> None:
        """How the command ended."""
        if self.is_closed:
            return
        if status < 0:
            self._log.note(ExitSeen(session=self.name, signal=_SIGNALS.get(-status, "")))
        else:
            self._log.note(ExitSeen(session=self.name, status=status))

    def closed(self) -> None:
        """The channel is closed."""
        if not self.is_closed:
            self.is_closed = True
            self._log.note(SessionClosed(session=self.name))
            self._closed.succeed()
            self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, self._clock.event()
        changed.succeed()

    # --- what the user waits for ------------------------------------------------------------------

    def end(self) -> simpy.Event:
        """Return an event that comes when the channel is closed."""
        return self._closed

    def see(self, text: bytes) -> Steps:
        """Wait until the text is seen, or the session is closed."""
        while (at := self._tail.find(text)) < 0 and not self.is_closed:
            yield self._changed
        del self._tail[: at + len(text)]


def _came(event: simpy.Event) -> None:
    """Let an event come."""
    event.succeed()


def _nothing() -> None:
    """There is nothing to leave yet."""


class Users:
    """Everybody who sits before a terminal in one scenario."""

    def __init__(
        self,
        clock: Clock,
        dice: Dice,
        log: Log,
        *,
        server: VirtualServer,
        address: str,
        seen: Callable[[Match], simpy.Event],
        canaries: Mapping[str, str],
        deadline: float,
        speed: int,
    ) -> None:
        self._clock = clock
        self._dice = dice
        self._log = log
        self._server = server
        self._address = address
        self._seen = seen
        self._canaries = canaries
        self._give_up = clock.now() + nanoseconds(deadline)
        self._speed = speed
        self._port = _FIRST_PORT

    def play(self, sessions: tuple[UserSession, ...]) -> Steps:
        """Play all sessions, those of one connection over one connection."""
        groups: dict[str, list[UserSession]] = {}
        for session in sessions:
            groups.setdefault(session.connection or f"of {session.name}", []).append(session)
        playing = [self._clock.run(self._connection(*group)) for group in groups.items()]
        yield self._clock.env.all_of(playing)

    def _connection(self, name: str, sessions: list[UserSession]) -> Steps:
        if sessions[0].after is not None:
            came = self._clock.run(self._waiting(sessions[0].after))
            left = max(self._give_up - self._clock.now(), 0)
            yield self._clock.either(came, self._clock.wait(left))
            if not came.processed:
                reason = f"event {sessions[0].after.event} did not come"
                self._log.note(UserConnectionFailed(connection=name, reason=reason, tried=False))
                return
        yield self._clock.wait(self._dice.between(5 * MILLISECOND, 20 * MILLISECOND))
        peer = f"{self._address}:{self._port}"
        self._port += 1
        connection = Connection(self._server, peer, sessions[0].ssh_user)
        self._log.note(UserConnected(connection=name, peer=peer))
        terminals: list[_Terminal] = []

        def leave() -> None:
            connection.abort()
            for terminal in terminals:
                terminal.closed()

        playing = []
        for channel, plan in enumerate(sessions):
            terminal = _Terminal(self._clock, plan.name, self._log)
            terminal.leave = leave
            terminals.append(terminal)
            session = self._session(connection, name, channel, plan, terminal)
            playing.append(self._clock.run(session))
        yield self._clock.env.all_of(playing)

    def _session(
        self,
        connection: Connection,
        name: str,
        number: int,
        plan: UserSession,
        terminal: _Terminal,
    ) -> Steps:
        pty = plan.pty if plan.pty or plan.run != "shell" else Pty()
        request = Request(
            session=f"{connection.connection_id}/{number}",
            peer=connection.peer,
            channel=number,
            connection_id=connection.connection_id,
            ssh_user=connection.ssh_user,
            shell=plan.run,
            command=self._filled(plan.command),
            term=pty.term if pty else "",
            pty=pty is not None,
            width=pty.width if pty else 0,
            height=pty.height if pty else 0,
        )
        self._log.note(
            SessionOpened(
                session=plan.name,
                connection=name,
                channel=number,
                shell=plan.run,
                command=request.command,
                pty=request.pty,
                width=request.width,
                height=request.height,
                term=request.term,
            )
        )
        channel = connection.request(request, terminal)
        yield self._clock.wait(self._dice.between(MILLISECOND, 2 * MILLISECOND))
        if plan.run == "sftp":
            yield from self._sftp(connection, plan, channel, terminal)
        else:
            yield from self._terminal(connection, plan, channel, terminal)

    def _terminal(
        self, connection: Connection, plan: UserSession, channel: Channel, terminal: _Terminal
    ) -> Steps:
        yield from self._steps(connection, plan, channel, terminal)
        ended = yield from self._within(terminal.end(), terminal, "the end of the session")
        if not ended:
            self._log.note(HungUp(session=plan.name))
            terminal.leave()

    def _steps(
        self, connection: Connection, plan: UserSession, channel: Channel, terminal: _Terminal
    ) -> Steps:
        for step in plan.steps:
            if terminal.is_closed:
                break
            done = yield from self._step(step, connection, channel, terminal)
            if not done:
                break

    def _step(
        self, step: Step, connection: Connection, channel: Channel, terminal: _Terminal
    ) -> Steps:
        """Do one thing; False when it could not be done in time."""
        if step.type is not None:
            self._type(self._filled(step.type), connection, channel, terminal)
        elif step.secret is not None:
            keys = self._canaries[step.secret] + "\n"
            self._type(keys, connection, channel, terminal, step.secret)
        elif step.see is not None:
            text = self._filled(step.see)
            seeing = self._clock.run(terminal.see(text.encode()))
            seen = yield from self._within(seeing, terminal, repr(text))
            if seen and not terminal.is_closed:
                self._log.note(Saw(session=terminal.name, text=step.see))
            return seen
        elif step.pause is not None:
            pause = self._clock.wait(nanoseconds(step.pause) // self._speed)
            yield from self._within(self._clock.either(pause, terminal.end()), terminal, "")
        elif terminal.is_closed:
            return False  # the session ended before the user got to this
        elif step.wait is not None:
            waited = yield from self._wait(step.wait, terminal)
            return waited
        elif step.forward is not None:
            data = self._filled(step.forward).encode()
            done = yield from self._forward(data, connection, terminal)
            return done
        elif step.pull is not None:
            yield self._clock.wait(self._dice.between(2 * MILLISECOND, 5 * MILLISECOND))
            self._log.note(Shown(session=terminal.name, data=FILES[step.pull]))
        else:
            self._act(step, connection, channel, terminal)
        return True

    def _act(
        self, step: Step, connection: Connection, channel: Channel, terminal: _Terminal
    ) -> None:
        """Do something that is over at once."""
        if step.resize is not None:
            width, height = step.resize.width, step.resize.height
            self._log.note(Resized(session=terminal.name, width=width, height=height))
            connection.to_server(lambda: channel.resized(width, height))
        elif step.eof:
            connection.to_server(channel.typed_end)
        elif step.hang_up:
            self._log.note(HungUp(session=terminal.name))
            terminal.leave()

    def _type(
        self,
        keys: str,
        connection: Connection,
        channel: Channel,
        terminal: _Terminal,
        secret: str = "",
    ) -> None:
        digest = hashlib.sha256(keys.encode()).hexdigest()
        self._log.note(
            Typed(session=terminal.name, digest=f"sha256:{digest}", length=len(keys), secret=secret)
        )
        if not terminal.is_closed:
            connection.to_server(lambda: channel.typed(keys.encode()))

    def _wait(self, match: Match, terminal: _Terminal) -> Steps:
        came = self._clock.run(self._waiting(match))
        done = yield from self._within(came, terminal, f"event {match.event}")
        return done

    def _waiting(self, match: Match) -> Steps:
        yield self._seen(match)
        yield self._clock.wait(nanoseconds(match.plus) // self._speed)

    def _forward(self, text: bytes, connection: Connection, terminal: _Terminal) -> Steps:
        """Send something through a port forward, and wait until it is back."""
        back = self._clock.event()
        connection.echo(len(text), lambda: _came(back))
        done = yield from self._within(back, terminal, "the port forward")
        if done:
            self._log.note(Forwarded(session=terminal.name, data=text))
        return done

    def _within(self, what: simpy.Event, terminal: _Terminal, waiting_for: str) -> Steps:
        """Wait until the scenario's deadline; with nothing to wait for, a pause."""
        left = max(self._give_up - self._clock.now(), 0)
        yield self._clock.either(what, self._clock.wait(left))
        if what.processed or not waiting_for:
            return True
        self._log.note(GaveUp(session=terminal.name, waiting_for=waiting_for))
        return False

    def _sftp(
        self, connection: Connection, plan: UserSession, channel: Channel, terminal: _Terminal
    ) -> Steps:
        yield from self._steps(connection, plan, channel, terminal)
        terminal.closed()
        connection.to_server(channel.left)

    def _filled(self, text: str) -> str:
        """Put canaries where ``{canary}`` stands."""
        return text.replace("{canary}", self._canaries.get("output", ""))
