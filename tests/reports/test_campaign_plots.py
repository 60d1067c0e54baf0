"""Where a picture of a campaign has a logarithmic axis, and that all values lie on it."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.figures import Distribution, Figure, Figures, Varied
from reports.campaign_plots import _against, _shares

NAME = "time to fail over"


def varied(value: str, edges: tuple[float, ...] = (1, 2)) -> Varied:
    found = Figures(
        figures=(Figure(name="rejected", unit="%", value=1.0),),
        distributions=(
            Distribution(name=NAME, unit="s", edges=edges, counts=(1,) * (len(edges) - 1)),
        ),
    )
    return Varied(key="timers.ack_window", value=value, seeds=1, found=found)


def against(*values: str) -> Any:
    return _against("timers.ack_window", [varied(value) for value in values]).axes[0]


def shares(*edges: float) -> Any:
    return _shares(NAME, "timers.ack_window", [varied("1 s", edges)]).axes[0]


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (("10 s", "20 s", "30 s"), "linear"),
        (("1 s", "2 s", "600 s"), "log"),
        (("600 s", "1 s", "2 s"), "log"),
        # 0 has no place on a logarithmic axis, whatever touches.
        (("0 s", "1 s", "2 s", "600 s"), "linear"),
        # Of different units, or no numbers: one beside the other.
        (("1 ms", "2 ms", "600 s"), "linear"),
        (("on", "off"), "linear"),
        (("10 s",), "linear"),
    ],
)
def test_values_whose_labels_would_touch_are_spread(values: tuple[str, ...], scale: str) -> None:
    axis = against(*values)
    assert axis.get_xscale() == scale
    left, right = axis.get_xlim()
    places = axis.get_xticks()
    assert len(places) == len(set(places)) == len(values)
    assert left < min(places)
    assert max(places) < right
    labels = [tick.get_text() for tick in axis.get_xticklabels()]
    one_unit = len({value.partition(" ")[2] for value in values} - {""}) == 1
    assert labels == [value.partition(" ")[0] if one_unit else value for value in values]


@pytest.mark.parametrize(
    ("edges", "scale"),
    [((1, 2, 10), "linear"), ((1, 2, 40), "log"), ((0, 1, 19), "linear"), ((0, 1, 40), "log")],
)
def test_durations_of_very_different_lengths_are_spread(
    edges: tuple[float, ...], scale: str
) -> None:
    axis = shares(*edges)
    assert axis.get_xscale() == scale
    left, right = axis.get_xlim()
    assert left < edges[1]
    assert edges[-1] <= right


def test_a_distribution_ends_with_all_that_was_counted() -> None:
    (line,) = shares(1, 2, 40).lines
    assert list(line.get_xdata())[-1] == 40
    assert list(line.get_ydata())[-1] == 1.0
