"""Confidence intervals over seeds: what one may say of a number from independent repetitions.

Within a seed everything hangs together: all sessions that meet one outage are rejected together. So
sessions are never taken for independent, seeds are. What is rare comes in clusters, and sums of
clusters are skewed: most seeds lie below the mean. A plain interval, mean ± t·s, then lies below
the true value far too often (one time in eight when ten outages were seen, where it should be one
in forty). The interval here is taken on the logarithm, and with as many degrees of freedom as seeds
saw the thing at all, which keeps the promise from some three clusters on; a test holds both.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from itertools import pairwise
from math import comb, sqrt

import msgspec

CONFIDENCE = 95
"""Per cent."""
FEW = 5
"""What fewer seeds than this saw comes with a note: its interval is wide, and rests on little."""
LEAST_SEEN = 3
"""What fewer seeds than this saw has no interval: it would reach to many times the value."""
SECTIONS = 10
"""Groups of seeds, at most, of which each gives a quantile of its own."""
LEAST_SECTIONS = 6
"""With fewer, no order statistics enclose the median with the confidence that is asked for."""

_STUDENT = (
    (1, 12.706),
    (2, 4.303),
    (3, 3.182),
    (4, 2.776),
    (5, 2.571),
    (6, 2.447),
    (7, 2.365),
    (8, 2.306),
    (9, 2.262),
    (10, 2.228),
    (12, 2.179),
    (15, 2.131),
    (20, 2.086),
    (30, 2.042),
    (60, 2.000),
    (120, 1.980),
    (1_000_000, 1.960),
)
"""Degrees of freedom, and the quantile 0.975 of Student's t."""


class Interval(msgspec.Struct, frozen=True):
    """A value and its 95 % confidence interval; None: it cannot be said."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


def student(freedom: int) -> float:
    """Return the quantile 0.975 of Student's t, to within 0.003; never too small by more."""
    for (least, t), (most, u) in pairwise(_STUDENT):
        if least <= freedom <= most:
            part = (1 / least - 1 / freedom) / (1 / least - 1 / most)
            return t + (u - t) * part
    return _STUDENT[-1][1]


def ratio(parts: Sequence[int], wholes: Sequence[int]) -> Interval:
    """Return the sum of the parts over that of the wholes; one of each a seed.

    The variance is that of the residuals, as usual for a ratio of means.
    """
    whole = sum(wholes)
    if not whole:
        return Interval(None)
    value, seeds = sum(parts) / whole, len(parts)
    seen = sum(1 for part in parts if part)
    if not seen:
        return Interval(0.0, 0.0, None, f"never seen in {seeds} seeds")
    if seen < LEAST_SEEN:
        return Interval(value, None, None, f"seen in {seen} of {seeds} seeds only")
    squares = sum((part - value * of) ** 2 for part, of in zip(parts, wholes, strict=True))
    error = sqrt(seeds * squares / (seeds - 1)) / whole
    factor = exponential(student(seen - 1) * error / value)
    note = "" if seen >= FEW else f"seen in {seen} of {seeds} seeds only"
    return Interval(value, value / factor, value * factor, note)


def exponential(power: float) -> float:
    """Return e to a power, with digits that do not depend on the platform's libm."""
    with localcontext() as context:
        context.prec = 25
        return float(Decimal(min(power, 700.0)).exp())


def of_quantiles(value: float | None, sections: Sequence[float | None]) -> Interval:
    """Return a quantile with its interval, by the quantiles of groups of seeds.

    Two of the ordered groups' quantiles enclose the median with a probability that does not depend
    on any distribution. None in a group: it holds too few values to have that quantile.
    """
    known = sorted(section for section in sections if section is not None)
    if value is None or len(known) < len(sections) or len(known) < LEAST_SECTIONS:
        return Interval(value, None, None, "" if value is None else "too few for an interval")
    inner = 0
    while enclosed(len(known), inner + 1) >= CONFIDENCE / 100:
        inner += 1
    return Interval(value, min(value, known[inner]), max(value, known[-1 - inner]))


def enclosed(count: int, inner: int) -> float:
    """Return how probably the median lies between ordered values `inner` from both ends."""
    outside = 2 * sum(comb(count, below) for below in range(inner + 1))
    return 1.0 - outside / (1 << count)


def dealt(seeds: int) -> list[list[int]]:
    """Deal the numbers of the seeds into groups, as even as can be."""
    groups = min(seeds, SECTIONS)
    return [list(range(first, seeds, groups)) for first in range(groups)]
