"""Figures keep within what can be: no share above all sessions, and a session is lost once."""

from __future__ import annotations

import pytest

from conformance.figures import Figure
from simulator.campaign.figures import figures
from simulator.campaign.intervals import ratio
from simulator.campaign.plan import Plan
from simulator.campaign.tally import Outcomes, Tally

ARRIVED, LOST = 10, (10, 1) * 4
"""Sessions of each seed, and how many of them in each met the same thing."""


def of_seeds(lost: tuple[int, ...]) -> dict[str, Figure]:
    """The figures of seeds in which so many recordings were lost, each after a failed attempt."""
    tallies = {
        seed: Tally(
            seeds=1,
            span=1,
            actions={"none": Outcomes(arrived=ARRIVED, lost=many)},
            losses={"crash": many},
            failed_attempts={"crash": many},
        )
        for seed, many in enumerate(lost, 1)
    }
    return {f.name: f for f in figures(Plan(), tallies).figures if f.of in ("", "crash")}


def test_no_more_than_1000_of_1000_sessions_lose_their_recording() -> None:
    # What the interval's arithmetic gives goes beyond all sessions: the cap is what holds it.
    free = ratio(LOST, [ARRIVED] * len(LOST))
    assert free.high is not None
    assert free.high > 1
    found = of_seeds(LOST)
    assert found["losses"].unit == "per 1000 sessions"
    assert (found["losses"].value, found["losses"].high) == (pytest.approx(550), 1000)
    assert (found["recordings lost"].value, found["recordings lost"].high) == (
        pytest.approx(55),
        100,
    )


def test_a_session_may_fail_more_than_once_to_start_its_recording() -> None:
    free = ratio(LOST, [ARRIVED] * len(LOST))
    assert free.high is not None
    found = of_seeds(LOST)["failed attempts"]
    assert found.high == pytest.approx(1000 * free.high)
    assert found.high > 1000


def test_an_interval_that_stays_below_all_sessions_is_left_as_it_is() -> None:
    lost = (2, 3) * 4
    free = ratio(lost, [ARRIVED] * len(lost))
    assert free.high is not None
    assert of_seeds(lost)["losses"].high == pytest.approx(1000 * free.high)
    assert 250 < 1000 * free.high < 1000
