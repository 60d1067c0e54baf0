"""Confidence intervals cover what they promise to cover, also where things come in clusters."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

from simulator.campaign.chance import Chance
from simulator.campaign.intervals import (
    LEAST_SECTIONS,
    dealt,
    enclosed,
    exponential,
    of_quantiles,
    ratio,
    student,
)

TRIALS = 600
SCALE = 1 << 20


def poisson(chance: Chance, mean_of_8: int) -> int:
    """How many exponential gaps fit into `mean_of_8` eighths of one."""
    left, count = mean_of_8 * SCALE // 8, 0
    while (left := left - chance.exponential(SCALE)) > 0:
        count += 1
    return count


def clusters(chance: Chance, mean_of_8: int) -> int:
    """The sum over outages of how many sessions each hits: what a seed sees of a rare thing."""
    return sum(chance.exponential(SCALE) for _ in range(poisson(chance, mean_of_8)))


def plain(parts: list[int]) -> tuple[float, float]:
    """The textbook's interval, from the normal distribution."""
    count, mean = len(parts), sum(parts) / len(parts)
    variance = sum((part - mean) ** 2 for part in parts) / (count - 1)
    reach = student(count - 1) * math.sqrt(variance / count)
    return mean - reach, mean + reach


@pytest.mark.parametrize(("seeds", "per_seed_of_8"), [(20, 2), (20, 4), (20, 20), (50, 2)])
def test_the_interval_covers_the_true_value_and_the_plain_one_lies_below_it(
    seeds: int, per_seed_of_8: int
) -> None:
    # 5, 10, 50 and 12.5 outages in all, of a known mean: that of their count times SCALE.
    chance = Chance(f"coverage/{seeds}/{per_seed_of_8}")
    true = per_seed_of_8 / 8
    too_low = too_high = plain_too_low = 0
    for _ in range(TRIALS):
        parts = [clusters(chance, per_seed_of_8) for _ in range(seeds)]
        found = ratio(parts, [SCALE] * seeds)
        too_low += found.high is not None and found.high < true
        too_high += found.low is not None and found.low > true
        plain_too_low += plain(parts)[1] < true * SCALE
    # 95 % of 600 are 570; the binomial's standard deviation is 5.3.
    assert too_low + too_high < 0.05 * TRIALS + 4 * 5.3
    if per_seed_of_8 * seeds < 200:
        assert plain_too_low > 0.075 * TRIALS > 1.5 * too_low


def test_the_interval_of_a_ratio_of_which_both_vary_covers() -> None:
    chance = Chance("both vary")
    missed = 0
    for _ in range(TRIALS):
        wholes = [500 + chance.below(1000) for _ in range(15)]
        parts = [sum(chance.happens(1, 10) for _ in range(whole)) for whole in wholes]
        found = ratio(parts, wholes)
        assert found.low is not None
        assert found.high is not None
        missed += not found.low <= 0.1 <= found.high
    assert 5 < missed < 0.05 * TRIALS + 4 * 5.3


def test_what_was_never_seen_has_no_upper_end_and_what_two_seeds_saw_no_interval() -> None:
    found = ratio([0, 0], [10, 10])
    assert (found.value, found.low, found.high) == (0.0, 0.0, None)
    assert found.note == "never seen in 2 seeds"
    found = ratio([1, 0], [5, 5])
    assert (found.value, found.low, found.high) == (0.1, None, None)
    assert ratio([1], [10]).note == "seen in 1 of 1 seeds only"
    assert ratio([], []).value is None
    assert ratio([0], [0]).value is None


def test_a_value_that_few_seeds_saw_comes_with_a_warning() -> None:
    found = ratio([5, 3, 0, 0, 0, 0], [10] * 6)
    assert (found.low, found.high, found.note) == (None, None, "seen in 2 of 6 seeds only")
    found = ratio([5, 3, 1, 0, 0, 0], [10] * 6)
    assert found.note == "seen in 3 of 6 seeds only"
    assert found.high is not None
    assert ratio([5, 3, 1, 1, 2, 0], [10] * 6).note == ""


def test_seeds_that_agree_leave_no_doubt() -> None:
    found = ratio([3, 3, 3], [10, 10, 10])
    assert found.value == found.low == found.high == 0.3


def test_students_quantiles_are_those_of_the_tables() -> None:
    # From any table: 4 degrees 2.776, 10 degrees 2.228, 24 degrees 2.064, 49 degrees 2.010.
    for freedom, t in ((4, 2.776), (10, 2.228), (24, 2.064), (49, 2.010), (10**9, 1.960)):
        assert student(freedom) == pytest.approx(t, abs=0.003)
    assert student(10**6) == pytest.approx(NormalDist().inv_cdf(0.975), abs=0.001)


def test_the_exponential_is_eulers() -> None:
    for power in (0.0, 0.5, 1.0, 10.0):
        assert exponential(power) == pytest.approx(math.exp(power), rel=1e-15)
    assert exponential(1e9) > 1e300


def test_order_statistics_enclose_the_median() -> None:
    # Of six values the median is missed when all lie on one side: 2 / 64.
    assert enclosed(6, 0) == 1 - 2 / 64
    assert enclosed(10, 1) == 1 - 2 * (1 + 10) / 1024


def test_a_quantile_has_the_interval_of_its_sections() -> None:
    found = of_quantiles(5.0, [1.0, 9.0, 4.0, 5.0, 6.0, 5.5, 4.5, 7.0, 3.0, 8.0])
    assert (found.low, found.high) == (3.0, 8.0)
    assert of_quantiles(5.0, [5.0] * (LEAST_SECTIONS - 1)).high is None
    assert of_quantiles(5.0, [5.0] * 9 + [None]).low is None
    assert of_quantiles(None, [None] * 9).value is None


def test_the_interval_of_a_quantile_covers() -> None:
    chance = Chance("quantiles")
    true = math.log(2) * SCALE
    missed = 0
    for _ in range(TRIALS):
        sections: list[float | None] = []
        for _ in range(10):
            values = sorted(chance.exponential(SCALE) for _ in range(41))
            sections.append(values[20])
        found = of_quantiles(true, sections)
        spread = sorted(section for section in sections if section is not None)
        assert found.low is not None
        missed += not spread[1] <= true <= spread[8]
    assert missed < 0.05 * TRIALS + 4 * 5.3


def test_seeds_are_dealt_evenly_and_none_twice() -> None:
    for seeds in (0, 1, 7, 10, 37):
        groups = dealt(seeds)
        assert sorted(number for group in groups for number in group) == list(range(seeds))
        assert max(map(len, groups), default=0) - min(map(len, groups), default=0) <= 1
