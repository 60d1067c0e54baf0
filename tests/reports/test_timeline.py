from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from conformance.history import End, Entered, Event, History, UploadStored
from conformance.machine import State
from reports.timeline import timeline

SECOND = 1_000_000_000


def test_times_count_from_the_first_event_whoever_noted_it() -> None:
    history = (
        Event("user", 0, 12 * SECOND, End()),
        Event("network", 0, 10 * SECOND, End()),
    )
    rows = timeline(history, 10).rows
    assert [(row.observer, row.at) for row in rows] == [("network", "+0.000"), ("user", "+2.000")]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50)), max_size=20))
def test_the_order_of_an_observer_is_never_changed(noted: list[tuple[str, int]]) -> None:
    numbers = {"a": 0, "b": 0}
    history = []
    for observer, at in noted:
        what = UploadStored(upload=str(numbers[observer]), path="p", size=1, complete=True)
        history.append(Event(observer, numbers[observer], at, what))
        numbers[observer] += 1
    rows = timeline(history[::-1], 100).rows
    for observer, total in numbers.items():
        seen = [dict(row.fields)["upload"] for row in rows if row.observer == observer]
        assert seen == [str(number) for number in range(total)]


def test_a_long_history_is_cut_in_the_middle_and_says_how_much() -> None:
    history = [Event("user", number, number, End()) for number in range(100)]
    cut = timeline(history, 10)
    assert (cut.half, cut.left_out, cut.events) == (5, 90, 100)
    assert len(cut.rows) == 10
    whole = timeline(history, 100)
    assert (whole.left_out, len(whole.rows)) == (0, 100)


def test_required_fields_are_told_also_when_they_are_false() -> None:
    what = UploadStored(upload="u", path="p", size=0, complete=False)
    fields = dict(timeline((Event("recorder/r", 0, 0, what),), 9).rows[0].fields)
    assert fields == {"upload": "u", "path": "p", "size": "0", "complete": "no"}


def test_each_session_has_its_path() -> None:
    states = (State.CONNECTING, State.CHECK_POLICY)
    history = tuple(
        Event("server/web", number, number * SECOND, Entered(session="s", state=state))
        for number, state in enumerate(states)
    )
    (path,) = timeline(history, 10).paths
    assert path.session == "server/web: s"
    assert path.states == (("Connecting", "+0.000"), ("CheckPolicy", "+1.000"))


def test_the_lanes_are_well_formed_for_every_history(histories: dict[str, History]) -> None:
    for history in histories.values():
        root = ET.fromstring(timeline(history, 400).lanes)
        lanes = [group for group in root.iter("g") if group.get("class") == "lane"]
        assert len(lanes) == len({event.observer for event in history})
        assert sum(1 for _ in root.iter("circle")) == len(history)
    assert timeline((), 400).lanes == ""
