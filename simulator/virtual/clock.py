"""Virtual time in whole nanoseconds, and chance that is the same everywhere."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from hashlib import sha256
from typing import Any, TypeAlias

import simpy

MICROSECOND = 1_000
MILLISECOND = 1_000_000

Steps: TypeAlias = Generator[simpy.Event, Any, Any]
"""What goes on in virtual time: waits for one event after the other."""


class Handle:
    """Something that will be done, unless it is cancelled before."""

    __slots__ = ("_action",)

    def __init__(self, action: Callable[[], object]) -> None:
        self._action: Callable[[], object] | None = action

    def cancel(self) -> None:
        """Forget it."""
        self._action = None

    def fire(self, _: object) -> None:
        """Do it; SimPy calls this."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Clock:
    """SimPy's environment, of which time is always an int."""

    def __init__(self) -> None:
        self.env = simpy.Environment(initial_time=0)

    def now(self) -> int:
        """Return the nanoseconds since the world began."""
        now = self.env.now
        assert isinstance(now, int)
        return now

    def later(self, delay: int, action: Callable[[], object]) -> Handle:
        """Do something `delay` nanoseconds from now; what is due together is done in order."""
        handle = Handle(action)
        timeout = self.env.timeout(delay)
        assert timeout.callbacks is not None
        timeout.callbacks.append(handle.fire)
        return handle

    def wait(self, delay: int) -> simpy.Event:
        """Return an event that comes in `delay` nanoseconds."""
        return self.env.timeout(delay)

    def event(self) -> simpy.Event:
        """Return an event that comes when it is told to."""
        return self.env.event()

    def either(self, one: simpy.Event, other: simpy.Event) -> simpy.Event:
        """Return an event that comes with the first of two."""
        return self.env.any_of([one, other])

    def run(self, steps: Steps) -> simpy.Process:
        """Let something go on beside everything else."""
        return self.env.process(steps)


class Dice:
    """Chance, from a seed, in whole numbers.

    Only `getrandbits` of the Mersenne Twister is used, which is the same in every version of
    Python; what the library makes of it (ranges, distributions) may change and uses floats.
    """

    def __init__(self, seed: str) -> None:
        number = int.from_bytes(sha256(seed.encode()).digest(), "big")
        self._bits = random.Random(number).getrandbits  # noqa: S311 - nothing secret is made of it

    def below(self, limit: int) -> int:
        """Return one of 0 … `limit` - 1, each as likely as the others."""
        bits = limit.bit_length()
        while (drawn := self._bits(bits)) >= limit:
            pass
        return drawn

    def between(self, least: int, most: int) -> int:
        """Return one of `least` … `most`."""
        return least + self.below(most - least + 1)

    def hex(self, digits: int) -> str:
        """Return so many hexadecimal digits."""
        return f"{self._bits(4 * digits):0{digits}x}"

    def bytes(self, count: int) -> bytes:
        """Return so many bytes."""
        return self._bits(8 * count).to_bytes(count, "big") if count else b""


def nanoseconds(seconds: float) -> int:
    """Return the seconds of a scenario file, as people write them, in nanoseconds."""
    return round(seconds * 1_000_000_000)
