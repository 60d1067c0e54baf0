"""Who meets in a session: what was asked for, the user, the command, and what surrounds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec

from conformance import history
from conformance.wire import Timers
from simulator import client_steps as core
from simulator.overlay import Overlay
from simulator.pty_process import Owner, Program
from simulator.ssh_policy import Decision


class Request(msgspec.Struct, kw_only=True):
    """What the user asked for; the window may change until the command starts."""

    session: str
    peer: str
    channel: int
    connection_id: str
    ssh_user: str
    shell: str
    """``shell``, ``exec`` or ``sftp``."""
    command: str
    term: str
    pty: bool
    width: int
    height: int
    env: dict[str, str] = {}


class Running(Protocol):
    """What the session holds of its command; see `pty_process.Command`."""

    status: int | None

    def set_reading(self, *, wanted: bool) -> None:
        """Read output, or leave it."""

    def resize(self, width: int, height: int) -> None:
        """Change the window."""

    def write(self, data: bytes) -> None:
        """Give the command input."""

    def write_eof(self) -> None:
        """End the input."""

    def send_signal(self, number: int) -> None:
        """Send a signal."""

    def hang_up(self) -> None:
        """Tell the command that the user is gone."""

    def silence(self) -> None:
        """Take no more output."""

    async def end(self, *, thorough: bool) -> None:
        """Kill what is left."""


class User(Protocol):
    """The user's end of the session."""

    def show(self, data: bytes, stream: str) -> None:
        """Send output; nothing happens when the user is gone."""

    def exit(self, status: int) -> None:
        """Tell the exit status (minus a signal's number) and close."""

    def take_input(self, wanted: bool) -> None:
        """Read what the user types, or leave it."""

    def run_sftp(self, owner: Owner) -> Running:
        """Serve sftp on the user's channel."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What all sessions of a server share."""

    log: history.Log
    overlay: Overlay
    timers: Timers
    source_addr: str
    notify: Callable[[Request, Decision, core.Notify], asyncio.Task[None]]
    """Post a notice in the background."""
    program: Callable[[Request, Decision], Program]
