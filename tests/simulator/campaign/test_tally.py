"""Tallies add up, in any order and grouping."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.campaign.tally import Histogram, Load, Outcomes, Tally, bucket_of, first_of, merge

SMALL = st.integers(0, 1 << 40)


def filled(struct: type[msgspec.Struct], **held: st.SearchStrategy[object]) -> st.SearchStrategy:
    numbers = {name: SMALL for name in struct.__struct_fields__ if name not in held}
    return st.builds(struct, **numbers, **held)


@st.composite
def histograms(draw: st.DrawFn) -> Histogram:
    histogram = Histogram()
    for value in draw(st.lists(SMALL, max_size=4)):
        histogram.add(value)
    return histogram


WORDS = st.sampled_from(["crash", "silent", "zone"])
TALLIES = filled(
    Tally,
    actions=st.dictionaries(st.sampled_from(["none", "both"]), filled(Outcomes)),
    recorders=st.lists(filled(Load), max_size=3),
    failed_attempts=st.dictionaries(WORDS, SMALL),
    losses=st.dictionaries(WORDS, SMALL),
    failures=st.dictionaries(WORDS, SMALL),
    started=histograms(),
    failed_over=histograms(),
    gave_up=histograms(),
    noticed=histograms(),
    at_risk=histograms(),
)


def written(tally: Tally) -> bytes:
    return msgspec.json.encode(tally)


@given(TALLIES, TALLIES, TALLIES)
def test_merging_is_associative_and_commutative(a: Tally, b: Tally, c: Tally) -> None:
    assert merge(a, merge(b, c)) == merge(merge(a, b), c)
    assert merge(a, b) == merge(b, a)
    assert written(merge(a, merge(b, c))) == written(merge(merge(c, a), b))


@given(TALLIES)
def test_an_empty_tally_changes_nothing_and_a_tally_survives_being_written(a: Tally) -> None:
    assert merge(a, Tally()) == a == merge(Tally(), a)
    assert msgspec.json.decode(written(a), type=Tally) == a
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(a), type=Tally) == a


@given(TALLIES, TALLIES)
def test_merging_changes_neither(a: Tally, b: Tally) -> None:
    before = written(a), written(b)
    both = merge(a, b)
    for outcomes in both.actions.values():
        outcomes.arrived += 1
    for load in both.recorders:
        load.streams += 1
    both.started.add(5)
    assert (written(a), written(b)) == before


@given(st.integers(0, 1 << 62))
def test_a_value_lies_in_its_bucket_and_buckets_are_narrow(value: int) -> None:
    number = bucket_of(value)
    first, after = first_of(number), first_of(number + 1)
    assert first <= value < after
    assert (after - first - 1) * 64 <= first


@given(st.lists(st.integers(0, 1 << 30), min_size=1), st.integers(1, 1000))
def test_a_quantile_is_at_most_a_bucket_above_the_exact_one(values: list[int], per: int) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    rank = -(-len(values) * per // 1000)
    exact = sorted(values)[rank - 1]
    found = histogram.quantile(per, 1000)
    assert found is not None
    assert exact <= found <= exact + exact // 64
    assert found in values
    assert histogram.quantile(1000, 1000) == max(values)


def test_a_quantile_of_one_value_is_that_value() -> None:
    histogram = Histogram()
    for _ in range(1000):
        histogram.add(5_004_321)
    assert histogram.quantile(1, 2) == histogram.quantile(999, 1000) == 5_004_321


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert Histogram().quantile(1, 2) is None


def test_sums_and_maxima_are_told_apart() -> None:
    a = Tally(seeds=1, recorders=[Load(streams=3, peak=2)])
    b = Tally(seeds=2, recorders=[Load(streams=4, peak=5), Load(peak=1)])
    assert merge(a, b) == Tally(seeds=3, recorders=[Load(streams=7, peak=5), Load(peak=1)])


@pytest.mark.parametrize("name", ["actions", "recorders", "failures"])
def test_defaults_are_not_shared(name: str) -> None:
    assert getattr(Tally(), name) is not getattr(Tally(), name)
