"""Storage in virtual time: a disk, and an S3 bucket behind a network, with what disturbs it.

They keep bytes under the names that the real backends give them (`simulator.storage.naming`), and
fail after the times that those take: what is modelled of S3 is its calls and their time-outs.
"""

from __future__ import annotations

from typing import Protocol

from conformance.wire import SECOND, Timers
from simulator.storage import StorageError
from simulator.storage.naming import HeaderLine, Name
from simulator.virtual.clock import MILLISECOND, Clock, Dice, Steps
from simulator.virtual.network import Route

CALL_TIMEOUT = 3 * SECOND
"""How long one call of S3's client waits for an answer."""
FIRST_PAUSE = SECOND // 20
LONGEST_PAUSE = SECOND


class Kept:
    """One recording while it is received: what came, and its name once the header line is here."""

    def __init__(self, store: Store, opened_at: int) -> None:
        self.data = bytearray()
        self._store = store
        self._opened_at = opened_at
        self._header = HeaderLine()
        self._name: Name | None = None

    def append(self, data: bytes) -> None:
        """Write behind what is there."""
        self.data += data
        if self._name is None and self._header.feed(data):
            self._store.named(self)

    def name(self) -> Name:
        """Name it by what there is of its header line."""
        if self._name is None:
            self._name = self._header.name(self._opened_at)
        return self._name

    def renamed(self, name: Name) -> None:
        """Take another name, as that one was taken."""
        self._name = name

    def finish(self, *, complete: bool) -> Steps:
        """Keep it for good and return its path; raises StorageError."""
        if not complete and not self.data:
            return ""
        yield from self._store.keep(self)
        return self.name().path

    def abandon(self) -> None:
        """Let go of it at once; what came stays."""
        self._store.abandon(self)


class Store(Protocol):
    """Where one recorder keeps recordings."""

    held: dict[str, bytearray]
    """What lies there, by path."""

    def open(self, now: int) -> Steps:
        """Begin a recording at the recorder's time `now`; raises StorageError."""

    def named(self, kept: Kept) -> None:
        """The header line of a recording is whole."""

    def keep(self, kept: Kept) -> Steps:
        """Keep a recording for good; raises StorageError."""

    def abandon(self, kept: Kept) -> None:
        """Let go of a recording that was not finished."""

    def recover(self) -> None:
        """See to what a recorder that was killed left behind."""


class Disk:
    """A directory: a recording lies there under its name as soon as its header line is whole."""

    def __init__(self, clock: Clock, dice: Dice) -> None:
        self.held: dict[str, bytearray] = {}
        self._clock = clock
        self._dice = dice
        self._nameless: list[Kept] = []

    def open(self, now: int) -> Steps:
        """Make a file."""
        yield self._clock.wait(self._dice.between(MILLISECOND // 10, MILLISECOND))
        kept = Kept(self, now)
        self._nameless.append(kept)
        return kept

    def named(self, kept: Kept) -> None:
        """Link the file to its name, or the next that is free."""
        if kept not in self._nameless:
            return
        self._nameless.remove(kept)
        name = kept.name()
        while name.path in self.held:
            name = name.following()
        kept.renamed(name)
        self.held[name.path] = kept.data

    def keep(self, kept: Kept) -> Steps:
        """Sync the file."""
        self.named(kept)
        yield self._clock.wait(self._dice.between(MILLISECOND, 5 * MILLISECOND))

    def abandon(self, kept: Kept) -> None:
        """Keep what came under its name; nothing leaves nothing."""
        if kept.data:
            self.named(kept)
        elif kept in self._nameless:
            self._nameless.remove(kept)

    def recover(self) -> None:
        """Name what has no name."""
        for kept in tuple(self._nameless):
            self.abandon(kept)


class Bucket:
    """An S3 bucket behind a spool: objects appear when they are whole."""

    def __init__(self, clock: Clock, dice: Dice, route: Route, timers: Timers) -> None:
        self.held: dict[str, bytearray] = {}
        self._clock = clock
        self._dice = dice
        self._route = route
        self._open_limit = timers.open * 4 // 5
        self._finish_limit = timers.final * 4 // 5
        self._patience = timers.final // 3
        self._again = timers.ack_cadence
        self._spool: list[Kept] = []
        self._sending = False

    def open(self, now: int) -> Steps:
        """Prove that the bucket can be written: two calls."""
        give_up = self._clock.now() + self._open_limit
        yield from self._call(give_up)
        yield from self._call(give_up)
        return Kept(self, now)

    def named(self, kept: Kept) -> None:
        """Nothing is in the bucket before it is whole."""

    def keep(self, kept: Kept) -> Steps:
        """Put the object, again and again for as long as it makes sense."""
        begun, pause = self._clock.now(), FIRST_PAUSE
        while True:
            try:
                yield from self._call(begun + self._finish_limit)
                yield from self._call(begun + self._finish_limit, len(kept.data))
            except StorageError:
                now = self._clock.now()
                if now + pause > begun + self._patience:
                    raise
                yield self._clock.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                name = kept.name()
                while name.path in self.held:
                    name = name.following()
                kept.renamed(name)
                self.held[name.path] = kept.data
                return

    def _call(self, give_up: int, size: int = 0) -> Steps:
        """Make one call, with a body of `size` bytes; raises StorageError."""
        route = self._route
        took = 2 * route.trip() + self._dice.between(MILLISECOND, 5 * MILLISECOND)
        yield self._clock.wait(took + route.transmission(size))
        if route.refusing:
            raise StorageError("S3: could not connect to the endpoint")
        if route.held(outward=True) or route.held(outward=False):
            left = min(CALL_TIMEOUT, max(0, give_up - self._clock.now()))
            moved = route.moved
            yield self._clock.either(moved, self._clock.wait(left))
            if not moved.processed:
                raise StorageError("S3: no answer")
        if self._clock.now() >= give_up:
            raise StorageError("S3: no answer in time")

    def abandon(self, kept: Kept) -> None:
        """Leave it in the spool: it is sent later."""
        if kept.data:
            self._spool.append(kept)
            self.recover()

    def recover(self) -> None:
        """Send what lies in the spool, for as long as something does."""
        if self._spool and not self._sending:
            self._sending = True
            self._clock.run(self._send_spool())

    def _send_spool(self) -> Steps:
        while self._spool:
            yield self._clock.wait(self._again)
            try:
                yield from self.keep(self._spool[0])
            except StorageError:
                continue
            self._spool.pop(0)
        self._sending = False
