"""The studies of docs/studies.md, played small, against what is reckoned by hand.

Rates are higher than in the studies, so that few sessions meet enough; what is asked is the same.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from simulator.campaign.figures import figures
from simulator.campaign.intervals import ratio
from simulator.campaign.plan import Plan, load, vary
from simulator.campaign.tally import Tally
from tests.simulator.campaign.hand import outcomes, played

STUDIES = Path(__file__).parents[3] / "docs" / "studies"


def study(name: str, changes: dict[str, str]) -> Plan:
    given = load(STUDIES / f"{name}.toml")
    for key, value in changes.items():
        given = vary(given, key, value)
    return given


def bounds(given: Plan, tallies: dict[int, Tally], name: str, of: str = "") -> tuple[float, float]:
    found = next(f for f in figures(given, tallies).figures if (f.name, f.of) == (name, of))
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


@pytest.mark.parametrize("recorders", [1, 2])
@pytest.mark.parametrize("name", ["recorders", "recorders-apart"])
def test_how_many_recorders(name: str, recorders: int) -> None:
    given = study(
        name,
        {
            "sessions.count": "300",
            "sessions.gap": "1 h",
            "zones.every": "45 h",
            "zones.lasts": "3 h",
            "recorders.count": str(recorders),
        },
    )
    u, z = 1 / 21, 3 / 48
    apart = (1 - (1 - u) * (1 - z)) ** recorders
    expected = apart if name == "recorders-apart" else z + (1 - z) * u**recorders
    low, high = bounds(given, played(given, 16), "sessions rejected")
    assert low <= 100 * expected <= high
    assert high < 3 * low


def test_what_enforcement_costs() -> None:
    # One recorder that crashes every 20 h, sessions of 1 h, both exponential: a session that began
    # is lost when the crash is first. What then remains of it is 1 h in the mean, as at its start.
    given = study(
        "enforcement",
        {
            "sessions.count": "1500",
            "crash.every": "20 h",
            "crash.lasts": "1 h",
            "silent.every": "0 s",
            "recorders.count": "1",
        },
    )
    u, lost, hour = 1 / 21, 1 / 21, 3600
    tallies = played(given, 20)

    def within(expected: float, name: str, action: str) -> None:
        low, high = bounds(given, tallies, name, f"enforcement {action}")
        assert low <= expected <= high, (name, action)
        assert high < 2 * low

    for action in ("reject", "both"):
        within(100 * u, "sessions rejected", action)
    within(100 * (1 - u) * lost, "sessions terminated", "terminate")
    within(1000 * hour * (1 - u) * lost, "session time cut off", "both")
    within(1000 * hour * (1 - u) * lost, "unrecorded time", "reject")
    within(1000 * hour * (u + (1 - u) * lost), "unrecorded time", "none")


@pytest.mark.parametrize("window", [20, 30, 45])
def test_what_the_ack_window_buys(window: int) -> None:
    # Silences begin once an hour and last 20 s in the mean. One is noticed when it outlasts what is
    # left of the window: all of it, less the time since the last ack, evenly up to the cadence.
    given = study(
        "ack-window",
        {
            "sessions.count": "600",
            "sessions.gap": "6 min",
            "silent.every": "1 h",
            "frozen.every": "0 s",
            "timers.ack_window": f"{window} s",
        },
    )
    mean, cadence = 20, given.timers.ack_cadence / 1e9
    outlasts = math.exp(-window / mean) * (math.exp(cadence / mean) - 1) * mean / cadence
    expected = outlasts / (1 + outlasts)  # that comes before the session's end, once an hour too
    every = [outcomes(tally) for tally in played(given, 16).values()]
    found = ratio(
        [one.lost - one.lost_at_end for one in every],
        [one.arrived - one.rejected for one in every],
    )
    assert found.low is not None
    assert found.high is not None
    assert found.low <= expected <= found.high
    assert found.high < 1.5 * found.low
