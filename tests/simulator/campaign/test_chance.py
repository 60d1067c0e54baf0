"""Exponential times in whole numbers: their distribution, and that they are the same everywhere."""

from __future__ import annotations

import math

from simulator.campaign.chance import Chance

DRAWS = 40_000
MEAN = 1_000_000_007


def test_the_mean_and_the_spread_are_those_of_the_exponential_distribution() -> None:
    chance = Chance("mean")
    drawn = [chance.exponential(MEAN) for _ in range(DRAWS)]
    mean = sum(drawn) / DRAWS
    variance = sum((value - mean) ** 2 for value in drawn) / DRAWS
    # Standard deviations: of the mean 1 / sqrt(DRAWS), of the variance sqrt(8) times as much.
    assert abs(mean / MEAN - 1) < 4 / math.sqrt(DRAWS)
    assert abs(variance / MEAN**2 - 1) < 4 * math.sqrt(8 / DRAWS)


def test_the_distribution_is_exponential_by_kolmogorov_and_smirnov() -> None:
    chance = Chance("shape")
    drawn = sorted(chance.exponential(MEAN) for _ in range(DRAWS))
    distance = max(
        max(abs(1 - math.exp(-value / MEAN) - (rank + side) / DRAWS) for side in (0, 1))
        for rank, value in enumerate(drawn)
    )
    assert distance < 1.95 / math.sqrt(DRAWS)  # one case in a thousand


def test_it_has_no_memory() -> None:
    chance = Chance("memory")
    drawn = [chance.exponential(MEAN) for _ in range(DRAWS)]
    older = [value for value in drawn if value > MEAN]
    twice = sum(value > 2 * MEAN for value in older)
    expected = len(older) / math.e
    assert abs(twice - expected) < 4 * math.sqrt(expected)


def test_how_much_is_drawn_does_not_depend_on_the_mean() -> None:
    one, other = Chance("same"), Chance("same")
    pairs = [(one.exponential(1 << 40), other.exponential(1 << 50)) for _ in range(1000)]
    assert all(large >> 10 == small for small, large in pairs)


def test_the_draws_are_the_same_on_every_machine_and_python() -> None:
    # By hand from the generator's raw bits: von Neumann's runs, counted apart from the code.
    bits = Chance("fixed")._bits
    expected = []
    for _ in range(200):
        whole = 0
        while True:
            run = [bits(64)]
            while (drawn := bits(64)) < run[-1]:
                run.append(drawn)
            if len(run) % 2:
                break
            whole += 1
        expected.append((whole * 2**64 + run[0]) * MEAN // 2**64)
    chance = Chance("fixed")
    assert [chance.exponential(MEAN) for _ in range(200)] == expected


def test_shares_are_kept() -> None:
    chance = Chance("shares")
    happened = sum(chance.happens(3, 10) for _ in range(DRAWS))
    assert abs(happened - 0.3 * DRAWS) < 4 * math.sqrt(0.21 * DRAWS)
    assert not any(chance.happens(0, 7) for _ in range(100))
    assert all(chance.happens(7, 7) for _ in range(100))
