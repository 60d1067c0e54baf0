"""From tallies to the figures that an operator decides by. Nothing but arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce

from conformance.figures import Distribution, Figure, Figures
from simulator.campaign.intervals import Interval, dealt, of_quantiles, ratio
from simulator.campaign.plan import Plan
from simulator.campaign.tally import Histogram, Load, Tally, first_of, merge

US_PER_S = 1_000_000
LOSSES = "losses"
"""A session loses its recording once at most."""
_GIB = 1 << 30
_COARSE = 8
"""Buckets of a tally's histogram that go into one of a distribution."""
QUANTILES = ((1, 2, "p50"), (99, 100, "p99"), (999, 1000, "p99.9"))

TIMES = (
    ("time to fail over", "failed_over"),
    ("time to start", "started"),
    ("time until no recorder was found", "gave_up"),
    ("time until a loss was noticed", "noticed"),
)
"""The durations that are shown with their quantiles, and the tally's histograms."""


def figures(plan: Plan, tallies_by_seed: Mapping[int, Tally]) -> Figures:
    """Return all figures of one plan, by the tallies of its seeds, each of one seed.

    The seeds are the independent repetitions: every interval is over them.
    """
    tallies = [tallies_by_seed[seed] for seed in sorted(tallies_by_seed)]
    seen = _Seen(plan, tallies)
    found = (
        *seen.ends(),
        *seen.time(),
        *seen.durations(),
        *seen.bytes(),
        *seen.recorders(),
        *seen.causes(),
        *seen.store(),
    )
    shown = (distribution(name, getattr(seen.all, field)) for name, field in TIMES)
    return Figures(figures=found, distributions=tuple(d for d in shown if d is not None))


class _Seen:
    """The tallies of all seeds, and each family of figures."""

    def __init__(self, plan: Plan, tallies: list[Tally]) -> None:
        self._plan = plan
        self._tallies = tallies
        self.all = reduce(merge, tallies, Tally())
        self._sections = [
            reduce(merge, (tallies[number] for number in group), Tally())
            for group in dealt(len(tallies))
        ]

    def _figure(
        self,
        name: str,
        unit: str,
        part: Callable[[Tally], int],
        whole: Callable[[Tally], int],
        *,
        scale: float = 1.0,
        of: str = "",
    ) -> Figure:
        found = ratio([part(t) for t in self._tallies], [whole(t) for t in self._tallies])
        return _scaled(name, unit, found, scale, of)

    # --- sessions ---------------------------------------------------------------------------------

    def ends(self) -> Iterator[Figure]:
        """Yield how sessions ended, in per cent of those that arrived."""
        arrived = float(_summed(self.all, "arrived"))
        yield Figure(name="sessions", unit="", value=arrived)
        for name, fields in _ENDS:
            yield self._share(name, fields)
        actions = self._actions()
        for action in actions if len(actions) > 1 else ():
            for name, fields in _ENDS:
                yield self._share(name, fields, action)

    def _actions(self) -> list[str]:
        """Return the failure actions that sessions had."""
        return sorted(name for name, group in self.all.actions.items() if group.arrived)

    def _share(self, name: str, fields: tuple[str, ...], action: str = "") -> Figure:
        return self._figure(
            name,
            "%",
            lambda t: sum(_summed(t, field, action) for field in fields),
            _sum_of("arrived", action),
            scale=100,
            of=f"enforcement {action}" if action else "",
        )

    def time(self) -> Iterator[Figure]:
        """Yield for how long sessions ran without being recorded, or did not run."""
        actions = self._actions()
        for name, fields in _TIMES_LOST:
            for action in ("", *(actions if len(actions) > 1 else ())):
                yield self._figure(
                    name,
                    "s per 1000 sessions",
                    lambda t, f=fields, a=action: sum(_summed(t, field, a) for field in f),  # type: ignore[misc]
                    _sum_of("arrived", action),
                    scale=1000 / US_PER_S,
                    of=f"enforcement {action}" if action else "",
                )
        yield self._figure("time without any recorder", "%", lambda t: t.none_up, _span, scale=100)

    # --- durations --------------------------------------------------------------------------------

    def durations(self) -> Iterator[Figure]:
        """Yield the quantiles of how long choosing and noticing took."""
        for name, field in TIMES:
            for parts, of, label in QUANTILES:
                yield self._quantile(f"{name}, {label}", "s", field, (parts, of), 1 / US_PER_S)

    def _quantile(
        self, name: str, unit: str, field: str, which: tuple[int, int], scale: float
    ) -> Figure:
        def of(tally: Tally) -> float | None:
            return getattr(tally, field).quantile(*which)  # type: ignore[no-any-return]

        parts, whole = which
        enough = whole // (whole - parts)
        sections = [
            of(section) if getattr(section, field).count >= enough else None
            for section in self._sections
        ]
        return _scaled(name, unit, of_quantiles(of(self.all), sections), scale)

    # --- bytes ------------------------------------------------------------------------------------

    def bytes(self) -> Iterator[Figure]:
        """Yield what is at risk, and what was lost."""
        yield self._figure(
            "bytes at risk between ack and durability, mean",
            "bytes",
            lambda t: t.risk,
            _span,
            scale=1000,
        )
        yield self._figure(
            "bytes at risk when a recorder dies, mean",
            "bytes",
            lambda t: t.at_risk.total,
            lambda t: t.at_risk.count,
        )
        yield self._quantile(
            "bytes at risk when a recorder dies, p99", "bytes", "at_risk", (99, 100), 1
        )
        for name, field in _LOST:
            yield self._figure(
                name,
                "bytes per 1000 sessions",
                lambda t, field=field: getattr(t, field),  # type: ignore[misc]
                _sum_of("arrived"),
                scale=1000,
            )

    # --- recorders --------------------------------------------------------------------------------

    def recorders(self) -> Iterator[Figure]:
        """Yield the load of each recorder, and how long it took no recordings."""
        for number in range(self._plan.recorders.count):
            part = f"recorder {number + 1}"
            for name, unit, field, scale in _LOADS:
                yield self._figure(
                    name,
                    unit,
                    lambda t, n=number, f=field: getattr(_load(t, n), f),  # type: ignore[misc]
                    _span,
                    scale=scale,
                    of=part,
                )
            most = float(_load(self.all, number).peak)
            yield Figure(name="streams at a time, most", unit="", value=most, of=part)

    def causes(self) -> Iterator[Figure]:
        """Yield why attempts failed and recordings were lost."""
        for name, field in (("failed attempts", "failed_attempts"), (LOSSES, "losses")):
            for cause in sorted(getattr(self.all, field)):
                yield self._figure(
                    name,
                    "per 1000 sessions",
                    lambda t, f=field, c=cause: getattr(t, f).get(c, 0),  # type: ignore[misc]
                    _sum_of("arrived"),
                    scale=1000,
                    of=cause,
                )

    # --- what it costs ----------------------------------------------------------------------------

    def store(self) -> Iterator[Figure]:
        """Yield what S3 is asked for and what that costs, if it is used."""
        if self._plan.store.kind != "s3":
            return
        for name, field in (("S3 puts", "puts"), ("S3 gets", "gets"), ("S3 parts", "parts")):
            yield self._figure(
                name,
                "per 1000 sessions",
                lambda t, field=field: getattr(t, field),  # type: ignore[misc]
                _sum_of("arrived"),
                scale=1000,
            )
        yield self._figure(
            "S3 bytes kept", "bytes per 1000 sessions", lambda t: t.safe, _sum_of("arrived"),
            scale=1000,
        )  # fmt: skip
        prices = self._plan.prices
        yield self._figure(
            "S3 cost of requests",
            "per million sessions",
            lambda t: t.puts * prices.puts + t.gets * prices.gets,
            _sum_of("arrived"),
            scale=1 / 1000,
        )
        yield self._figure(
            f"S3 cost of {prices.months} months of keeping",
            "per million sessions",
            lambda t: t.safe * prices.gib_month * prices.months,
            _sum_of("arrived"),
            scale=1 / _GIB,
        )


_ENDS = (
    ("sessions rejected", ("rejected",)),
    ("sessions terminated", ("terminated",)),
    ("sessions never recorded", ("allowed",)),
    ("sessions continued unrecorded", ("continued",)),
    ("sessions left by their user", ("aborted",)),
    ("recordings lost", ("lost",)),
    ("sessions that met a fault", ("touched",)),
)
_TIMES_LOST = (
    (
        "unrecorded time",
        ("unrecorded_allowed", "unrecorded_continued", "unrecorded_unnoticed"),
    ),
    ("unrecorded time, never recorded", ("unrecorded_allowed",)),
    ("unrecorded time, after a loss", ("unrecorded_continued",)),
    ("unrecorded time, before a loss was noticed", ("unrecorded_unnoticed",)),
    ("session time cut off", ("cut",)),
    ("session time stalled", ("stalled",)),
)
_LOST = (
    ("bytes shown that never arrived", "lost_on_way"),
    ("bytes lost with a disk", "gone"),
    ("bytes lost with a disk that had been acked", "gone_acked"),
    ("bytes shown unrecorded", "unrecorded"),
)
_LOADS = (
    ("recordings taken", "per hour", "streams", 3600.0 * US_PER_S),
    ("bytes taken", "bytes per s", "bytes", 1.0 * US_PER_S),
    ("streams at a time, mean", "", "time", 1.0),
    ("time in which it took no recordings", "%", "down", 100.0),
)


def _span(tally: Tally) -> int:
    return tally.span


def _load(tally: Tally, number: int) -> Load:
    return tally.recorders[number] if number < len(tally.recorders) else Load()


def _summed(tally: Tally, field: str, action: str = "") -> int:
    """Sum one field over the failure actions, or take that of one."""
    return sum(
        getattr(outcomes, field) for name, outcomes in tally.actions.items() if action in ("", name)
    )


def _sum_of(field: str, action: str = "") -> Callable[[Tally], int]:
    return lambda tally: _summed(tally, field, action)


def _scaled(name: str, unit: str, found: Interval, scale: float, of: str = "") -> Figure:
    """Make a figure in its unit; neither a share nor the losses are more than all sessions."""
    value, low, high = (
        None if x is None else x * scale for x in (found.value, found.low, found.high)
    )
    if high is not None and (unit == "%" or name == LOSSES):
        high = min(scale, high)
    return Figure(name=name, unit=unit, value=value, low=low, high=high, of=of, note=found.note)


def distribution(name: str, histogram: Histogram) -> Distribution | None:
    """Return how durations in microseconds are spread, in seconds; None without any."""
    if not histogram.buckets:
        return None
    coarse: dict[int, int] = {}
    for number, count in histogram.buckets.items():
        coarse[number // _COARSE] = coarse.get(number // _COARSE, 0) + count
    groups = range(min(coarse), max(coarse) + 1)
    edges = (*groups, groups[-1] + 1)
    return Distribution(
        name=name,
        unit="s",
        edges=tuple(first_of(group * _COARSE) / US_PER_S for group in edges),
        counts=tuple(coarse.get(group, 0) for group in groups),
    )
