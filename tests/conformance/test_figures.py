"""A campaign's figures as they are saved: what cannot be said stays so, and is no zero."""

from __future__ import annotations

import json

import msgspec
import pytest

from conformance.figures import Distribution, Figure, Figures, Varied

UNKNOWN = Figure(name="time to fail over, p99", unit="s", value=None)
NONE_AT_ALL = Figure(name="sessions rejected", unit="%", value=0.0, low=0.0, high=1.5, of="rec1")
WAITS = Distribution(name="time to fail over", unit="s", edges=(0.0, 1.0, 5.0), counts=(3, 0))
VARIED = Varied(
    key="recorders.count",
    value="2",
    seeds=1,
    found=Figures(figures=(UNKNOWN, NONE_AT_ALL), distributions=(WAITS,)),
)


def test_what_is_saved_is_read_back() -> None:
    assert msgspec.json.decode(msgspec.json.encode(VARIED), type=Varied) == VARIED


def test_what_cannot_be_said_is_saved_as_null() -> None:
    unknown, none = json.loads(msgspec.json.encode(VARIED))["found"]["figures"]
    assert [unknown[key] for key in ("value", "low", "high")] == [None, None, None]
    assert [none[key] for key in ("value", "low", "high")] == [0, 0, 1.5]


@pytest.mark.parametrize("key", ["name", "unit", "value"])
def test_a_figure_without_its_name_unit_or_value_is_none(key: str) -> None:
    plain = msgspec.to_builtins(NONE_AT_ALL)
    del plain[key]
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{key}`"):
        msgspec.convert(plain, Figure)
