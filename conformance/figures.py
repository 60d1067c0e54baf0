"""What came of a campaign: figures with their confidence intervals, and distributions.

Plain data: the campaign model reckons them from its tallies, reports shows them, and neither knows
the other.
"""

from __future__ import annotations

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number that an operator decides by, over all seeds of one variant.

    `low` and `high` bound the 95 % confidence interval. None: it cannot be said, as the time of a
    failover where none happened, or an interval from a single seed.
    """

    name: str
    """What it is, in a few words: `sessions rejected`, `time to fail over, p99`."""
    unit: str
    """`%`, `s`, `bytes`, `per 1000 sessions`, …; empty for a plain count."""
    value: float | None
    low: float | None = None
    high: float | None = None
    of: str = ""
    """The one part that it is about, as `recorder 1`; empty: the whole campaign.

    Figures of one name and different parts are shown side by side, as the load per recorder.
    """
    note: str = ""
    """What a reader should know before trusting it, as that it was seen in few seeds only."""


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """How often values fell between edges: ``counts[i]`` of them in ``[edges[i], edges[i + 1])``.

    `edges` are in `unit`, ascending, one more than `counts`.
    """

    name: str
    unit: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one variant, in the order in which they are shown."""

    figures: tuple[Figure, ...]
    distributions: tuple[Distribution, ...] = ()


class Varied(msgspec.Struct, frozen=True, kw_only=True):
    """One variant of a campaign: the plan with one key at one value, and what came of it."""

    key: str
    """The key of the plan that was varied, as `recorders.count`; empty: the plan as it is."""
    value: str
    seeds: int
    """How many seeds stand behind it."""
    found: Figures
