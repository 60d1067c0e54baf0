"""The network to one node: what passes on its connections, how late, and what never does.

Each direction of a connection keeps its order, as TCP does. A relay stands at the client's end, as
in the live world; whatever a fault does is done behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec

from simulator.virtual.clock import MICROSECOND, MILLISECOND, Clock, Dice
from simulator.virtual.messages import Message

SLICE_GAP = 10 * MICROSECOND
RETRANSMISSION = 200 * MILLISECOND
"""How much later a packet arrives that was lost once."""
_HEAD_SIZE = 64
"""Bytes that stand for a message without a body."""


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How good a network is, where nothing disturbs it: one way, in nanoseconds."""

    latency: int = 50 * MICROSECOND
    jitter: int = 100 * MICROSECOND
    loss: int = 0
    """Packets in a million that are lost, and so come late: TCP sends them again."""


class Passing(Protocol):
    """A connection on a route, as faults see it."""

    def release(self) -> None:
        """What was held may pass."""

    def cut(self, how: Message) -> None:
        """End it for both sides at once; what is under way is lost."""


class Route:
    """The way to one node, shared by all its connections, and what faults do to it."""

    def __init__(self, clock: Clock, dice: Dice, quality: Quality = Quality()) -> None:  # noqa: B008
        self.clock = clock
        self._dice = dice
        self._quality = quality
        self.late = 0
        """Nanoseconds that everything is late by a fault, each way."""
        self.rate = 0
        """Bytes a second that pass each way; 0 is as many as one likes."""
        self.slice = 0
        """Bytes of the pieces in which data arrives; 0: as it was sent."""
        self.refusing = False
        self.room: int | None = None
        """How many more dials are taken by a node that accepts nothing; None: it accepts."""
        self._outward_held = False
        self._inward_held = False
        self.links: list[Passing] = []
        self._unaccepted: list[Callable[[], None]] = []
        self.moved = clock.event()
        """Comes when the way is another than now: what is held may pass, or nothing ever will."""

    def trip(self) -> int:
        """Draw how long the next packet takes, one way."""
        took = self._quality.latency + self._dice.below(self._quality.jitter + 1) + self.late
        wait = RETRANSMISSION
        while self._quality.loss and self._dice.below(1_000_000) < self._quality.loss:
            took, wait = took + wait, 2 * wait
        return took

    def transmission(self, size: int) -> int:
        """Return how long it takes to send so many bytes."""
        return size * 1_000_000_000 // self.rate if self.rate else 0

    def held(self, *, outward: bool) -> bool:
        """Tell whether nothing passes that way."""
        return self._outward_held if outward else self._inward_held

    def hold(self, *, outward: bool, inward: bool) -> None:
        """Let nothing pass, or let pass again what was held."""
        self._outward_held, self._inward_held = outward, inward
        for link in tuple(self.links):
            link.release()
        self._say_moved()

    def _say_moved(self) -> None:
        moved, self.moved = self.moved, self.clock.event()
        moved.succeed()

    def refuse(self) -> None:
        """Refuse every dial from here on."""
        self.refusing = True
        self._say_moved()

    def wait_accepted(self, accept: Callable[[], None]) -> None:
        """Keep a dial that hangs."""
        self._unaccepted.append(accept)

    def accept(self) -> None:
        """Take dials again, those that hang too."""
        self.refusing, self.room = False, None
        unaccepted, self._unaccepted = self._unaccepted, []
        for accept in unaccepted:
            accept()

    def cut(self, how: Message) -> None:
        """End every connection, for both sides."""
        for link in tuple(self.links):
            link.cut(how)


class Lane:
    """One direction of a connection: what is put in arrives in order, late, or when it may."""

    def __init__(self, route: Route, *, outward: bool = True) -> None:
        self._route = route
        self._outward = outward
        self._last = 0
        self._parked: deque[Callable[[], None]] = deque()
        self._broken = False

    def put(self, arrive: Callable[[], None], size: int = _HEAD_SIZE) -> None:
        """Send something of `size` bytes; `arrive` is called when it is there."""
        clock = self._route.clock
        now = clock.now()
        first = max(self._last, now + self._route.trip())
        self._last = first + self._route.transmission(size)
        clock.later(self._last - now, lambda: self._due(arrive))

    def put_sliced(self, pieces: list[Callable[[], None]], size: int) -> None:
        """Send pieces of `size` bytes in all, one shortly behind the other."""
        for arrive in pieces:
            self.put(arrive, size // len(pieces))
            self._last += SLICE_GAP

    def _due(self, arrive: Callable[[], None]) -> None:
        if self._broken:
            return
        if self._parked or self._route.held(outward=self._outward):
            self._parked.append(arrive)
        else:
            arrive()

    def put_end(self, arrive: Callable[[], None]) -> None:
        """Send the connection's end, which is held only behind what is held."""
        now = self._route.clock.now()
        self._last = max(self._last, now + self._route.trip())
        self._route.clock.later(self._last - now, lambda: self._due_end(arrive))

    def _due_end(self, arrive: Callable[[], None]) -> None:
        if self._broken:
            return
        if self._parked:
            self._parked.append(arrive)
        else:
            arrive()

    def release(self) -> None:
        """Let through what was held, if it may pass now."""
        while self._parked and not self._route.held(outward=self._outward):
            self._parked.popleft()()

    def break_off(self) -> None:
        """Lose all that is under way."""
        self._broken = True
        self._parked.clear()
