"""Where recordings are kept: what a recorder asks of a storage backend.

`filesystem` keeps them in a directory, `s3` in a bucket; `naming` says under which names, the same
for both. What is sent is kept byte for byte. A backend never loses silently: whatever it cannot
keep is a `StorageError`, and what was kept before it stays as a prefix.
"""

from __future__ import annotations

from typing import Protocol

from simulator.storage.naming import Name


class StorageError(Exception):
    """Storage cannot take or keep a recording; the message says why."""


class StorageConfigError(ValueError):
    """A storage location that cannot be meant; the message says what would be right."""


class Recording(Protocol):
    """One recording that is being received."""

    async def append(self, data: bytes) -> None:
        """Write `data` behind what is there; raises StorageError."""

    def check(self) -> None:
        """Raise StorageError when storage failed behind our back."""

    async def finish(self, *, complete: bool) -> str:
        """Keep what was appended for good, and return its path relative to the base path.

        `complete` is false when the client broke off; nothing appended then leaves nothing, and
        the path is empty. Raises StorageError; what could be kept is kept.
        """

    def abandon(self) -> None:
        """Let go at once, without waiting: what was appended is recovered at the next start."""


class Storage(Protocol):
    """A place for recordings."""

    async def start(self) -> None:
        """Recover what a predecessor left unfinished, or begin to; raises StorageConfigError."""

    async def open(self) -> Recording:
        """Begin a recording; raises StorageError when one could not be kept."""

    async def put(self, name: Name, data: bytes) -> str:
        """Keep a small whole object and return its path; raises StorageError."""

    async def close(self) -> None:
        """Let go of what the backend holds; recordings were abandoned or finished before."""
