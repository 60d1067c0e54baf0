"""Chance for campaigns: exponential times in whole nanoseconds, the same on every machine."""

from __future__ import annotations

from simulator.virtual.clock import Dice

_BITS = 64


class Chance(Dice):
    """Dice that also draw how long something takes that may happen at any moment."""

    def exponential(self, mean: int) -> int:
        """Return nanoseconds, exponentially distributed with this mean.

        John von Neumann's method of 1951 compares uniform numbers and needs no logarithm: of a run
        of draws that fall, the first is accepted as the fraction when the run is of odd length, and
        each run of even length adds one to the whole. How many bits are taken does not depend on
        the mean, so plans that differ in their means only draw from the same chance.
        """
        bits = self._bits
        whole = 0
        while True:
            first = last = bits(_BITS)
            odd = True
            while (drawn := bits(_BITS)) < last:
                last = drawn
                odd = not odd
            if odd:
                return ((whole << _BITS) + first) * mean >> _BITS
            whole += 1

    def happens(self, part: int, whole: int) -> bool:
        """Return true in `part` of `whole` cases."""
        return self.below(whole) < part
