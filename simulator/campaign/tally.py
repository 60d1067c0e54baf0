"""What happened in a campaign, counted: whole numbers that add up.

Tallies of different seeds are merged in any order and grouping with the same result, and an empty
`Tally()` changes nothing, so it does not matter how seeds were spread over processes. A tally stays
as small as it is, however many sessions are played: times and sizes go into histograms.

Sums of times are in microseconds, so that they stay below 2**63 over a billion sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

_FINE_BITS = 6
_FINE = 1 << _FINE_BITS
"""Buckets in every doubling: each is 1/64 of its values wide at most, about 1.6 %."""


class Histogram(msgspec.Struct, kw_only=True):
    """How often values fell into buckets, and their exact count, sum and bounds.

    Values are whole and not negative. `buckets` counts by number: values below 64 have a bucket
    each, and every doubling above is cut into 64 equal ones.
    """

    buckets: dict[int, int] = {}
    tops: dict[int, int] = {}
    """The greatest value in each bucket: quantiles are values that came."""
    count: int = 0
    total: int = 0
    least: int | None = None
    most: int | None = None

    def add(self, value: int) -> None:
        """Count one value."""
        number = bucket_of(value)
        self.buckets[number] = self.buckets.get(number, 0) + 1
        self.tops[number] = max(value, self.tops.get(number, 0))
        self.count += 1
        self.total += value
        if self.least is None or value < self.least:
            self.least = value
        if self.most is None or value > self.most:
            self.most = value

    def quantile(self, parts: int, of: int) -> int | None:
        """Return the least value that `parts` of `of` are not above; None when there is none.

        It is the greatest value that fell into the right bucket: never too small, and exact where
        one value came again and again, as with timers.
        """
        if not self.count:
            return None
        rank = max(1, -(-self.count * parts // of))
        passed = 0
        for number in sorted(self.buckets):
            passed += self.buckets[number]
            if passed >= rank:
                return self.tops[number]
        raise AssertionError("a histogram counts what is in its buckets")


def bucket_of(value: int) -> int:
    """Return the number of the bucket that a value falls into."""
    shift = value.bit_length() - _FINE_BITS - 1
    return value if shift <= 0 else (shift << _FINE_BITS) + (value >> shift)


def first_of(number: int) -> int:
    """Return the least value of a bucket."""
    shift = (number >> _FINE_BITS) - 1
    return number if shift <= 0 else (number - (shift << _FINE_BITS)) << shift


class Outcomes(msgspec.Struct, kw_only=True):
    """How the sessions of one failure action went; the six ends add up to `arrived`."""

    arrived: int = 0
    recorded: int = 0
    """Ended in their own time with the recording kept, as far as the client can know."""
    allowed: int = 0
    """Ran to their end without a recording: none could be started."""
    continued: int = 0
    """Ran to their end without the rest of their recording: it was lost."""
    rejected: int = 0
    terminated: int = 0
    """Their recording was lost, and that ended them (or their command had ended just before)."""
    aborted: int = 0
    """The user left while a recorder was being chosen."""
    touched: int = 0
    """Met a fault: a failed attempt or a loss."""
    lost: int = 0
    """Whose recording was lost after it had been started."""
    lost_at_end: int = 0
    """Of these, those whose command had exited already."""
    time: int = 0
    """Microseconds that their commands ran."""
    cut: int = 0
    """Microseconds that their commands would still have run when the session was ended."""
    unrecorded_allowed: int = 0
    """Microseconds that commands ran where no recording could be started."""
    unrecorded_continued: int = 0
    """Microseconds that commands ran after the client knew that the recording was lost."""
    unrecorded_unnoticed: int = 0
    """Microseconds that commands ran and no output arrived, before the client knew."""
    stalled: int = 0
    """Microseconds that commands waited, as their output was taken by nobody."""


class Load(msgspec.Struct, kw_only=True):
    """What one recorder had to do."""

    streams: int = 0
    """Recordings that it took."""
    bytes: int = 0
    """Bytes that it received."""
    time: int = 0
    """Microseconds of its streams, added up."""
    peak: int = 0
    """Most streams at a time; merged, the most of all."""
    down: int = 0
    """Microseconds in which it took no new recording."""


class Tally(msgspec.Struct, kw_only=True):
    """All that is kept of one seed, or of many merged."""

    seeds: int = 0
    span: int = 0
    """Microseconds of virtual time, from the first moment to the end of the last session."""
    events: int = 0
    """Events of the simulation; tells its cost, and that two runs were the same."""
    actions: dict[str, Outcomes] = {}
    """By failure action: none, reject, terminate, both."""
    recorders: list[Load] = []
    """By recorder, in the order of the plan."""
    failed_attempts: dict[str, int] = {}
    """By what was wrong with the recorder when the attempt failed."""
    losses: dict[str, int] = {}
    """By what was wrong with the recorder when its stream was lost."""
    failures: dict[str, int] = {}
    """How often each kind of failure began."""
    none_up: int = 0
    """Microseconds in which no recorder took new recordings."""
    none_up_times: int = 0
    """How often that began."""

    started: Histogram = msgspec.field(default_factory=Histogram)
    """Microseconds from the begin of choosing to the start of the recording, if it started."""
    failed_over: Histogram = msgspec.field(default_factory=Histogram)
    """The same, of those of which the first recorder failed and a later one worked."""
    gave_up: Histogram = msgspec.field(default_factory=Histogram)
    """Microseconds from the begin of choosing to its failure."""
    noticed: Histogram = msgspec.field(default_factory=Histogram)
    """Microseconds from a recorder's failure to the client's knowing that the recording is lost."""
    at_risk: Histogram = msgspec.field(default_factory=Histogram)
    """Bytes that a recorder had acked and not made safe, whenever one crashed or lost its disk."""

    sent: int = 0
    """Bytes of output that were handed to recorders; received, or lost on the way."""
    received: int = 0
    """Bytes that arrived; safe in the end, or gone with a disk."""
    lost_on_way: int = 0
    """Bytes that were handed over, and shown, and never arrived."""
    safe: int = 0
    gone: int = 0
    """Bytes that had arrived, and were lost with their recorder's disk."""
    gone_acked: int = 0
    """Of these, those that had been acked."""
    unrecorded: int = 0
    """Bytes that users saw and that were handed to nobody."""
    risk: int = 0
    """Byte-milliseconds between ack and safety."""

    puts: int = 0
    """S3 requests that write."""
    gets: int = 0
    """S3 requests that look."""
    parts: int = 0


T = TypeVar("T", bound=msgspec.Struct)
_BOUNDS: dict[str, Callable[[list[int]], int]] = {"peak": max, "most": max, "least": min}
"""Fields that do not add up, and what is taken instead."""


def merge(one: Tally, other: Tally) -> Tally:
    """Return the tally of both; neither is changed."""
    return _merged(one, other)


def _merged(one: T, other: T) -> T:
    pairs: dict[str, Any] = {}
    for name in one.__struct_fields__:
        a, b = getattr(one, name), getattr(other, name)
        if name in _BOUNDS:
            known = [value for value in (a, b) if value is not None]
            pairs[name] = _BOUNDS[name](known) if known else None
        elif name == "tops":
            pairs[name] = {key: max(a.get(key, 0), b.get(key, 0)) for key in sorted({**a, **b})}
        else:
            pairs[name] = _sum(a, b)
    return type(one)(**pairs)


def _sum(a: Any, b: Any) -> Any:
    """Add numbers, and what holds numbers part by part; a part that one lacks is the other's."""
    if isinstance(a, int):
        return a + b
    if isinstance(a, dict):
        return {
            key: _sum(a[key], b[key]) if key in a and key in b else _copied(a.get(key, b.get(key)))
            for key in sorted(a.keys() | b.keys())
        }
    if isinstance(a, list):
        longer = a if len(a) >= len(b) else b
        shared = min(len(a), len(b))
        return [_sum(a[i], b[i]) for i in range(shared)] + [_copied(x) for x in longer[shared:]]
    return _merged(a, b)


def _copied(part: Any) -> Any:
    """Return what nobody else will change."""
    return part if isinstance(part, int) else _merged(part, type(part)())
