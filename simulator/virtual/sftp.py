"""sftp in virtual time: files that everybody may fetch, and nothing of it is recorded."""

from __future__ import annotations

from typing import Protocol

from simulator.virtual.clock import MILLISECOND, Clock

FILES = {"/etc/hostname": b"prod-1\n"}
"""All files that there are on the virtual server."""


class Owner(Protocol):
    """Whose sftp it is."""

    def command_exited(self, status: int) -> None:
        """Take its end."""


class VirtualSftp:
    """The sftp server on a channel, in place of a command: it ends with its channel."""

    def __init__(self, clock: Clock, owner: Owner) -> None:
        self._clock = clock
        self._owner = owner
        self._over = False

    def set_reading(self, *, wanted: bool) -> None:
        """Sftp minds its own flow control."""

    def resize(self, width: int, height: int) -> None:
        """Sftp has no window."""

    def write(self, data: bytes) -> None:
        """What the user's client sends is not modelled."""

    def write_eof(self) -> None:
        """The end comes with the channel's."""

    def hang_up(self) -> None:
        """The channel is gone: sftp is over."""
        if not self._over:
            self._over = True
            self._clock.later(MILLISECOND, lambda: self._owner.command_exited(0))

    def end(self) -> None:
        """Sftp leaves no process."""
