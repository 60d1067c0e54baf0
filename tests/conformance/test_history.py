from __future__ import annotations

import msgspec
import pytest

from conformance.history import (
    KINDS,
    End,
    Event,
    HistoryError,
    Log,
    Played,
    Shown,
    from_line,
    from_lines,
    to_line,
    to_lines,
)
from tests.conformance.histories import STORIES

PLAYED = Event("world", 0, 5, Played(scenario="a/b", world="live", seed=1, speed=1))
SHOWN = Event("user", 1, 6, Shown(session="s1", data=b"\x00\xff\n"))


@pytest.mark.parametrize("event", [PLAYED, SHOWN])
def test_an_event_is_one_line_and_comes_back_the_same(event: Event) -> None:
    line = to_line(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert from_line(line) == event


@pytest.mark.parametrize("name", list(STORIES))
def test_a_whole_history_comes_back_the_same_and_writes_the_same_bytes(name: str) -> None:
    history = STORIES[name]().history
    data = to_lines(history)
    assert from_lines(data) == history
    assert to_lines(from_lines(data)) == data


def test_empty_lines_are_passed_over() -> None:
    assert from_lines(b"\n" + to_line(SHOWN) + b"  \n") == (SHOWN,)
    assert from_lines(b"") == ()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "truncated"),
        (b"hello", "malformed"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field"),
        (to_line(SHOWN).replace(b'"shown"', b'"sown"'), "Invalid value 'sown'"),
        (to_line(SHOWN).replace(b'"seq":1', b'"seq":"1"'), "Expected `int`"),
        (to_line(SHOWN).replace(b"AP8K", b"!!!!"), "base64"),
        (to_line(SHOWN)[:-20], "truncated"),
        (b'{"observer":"\xff"}', "utf-8"),
        (b'{"x":' * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_line_is_named(line: bytes, says: str) -> None:
    with pytest.raises(HistoryError, match=f"(?i){says}"):
        from_line(line)
    with pytest.raises(HistoryError, match=f"(?i)line 2: .*{says}"):
        from_lines(to_line(SHOWN) + line)


def test_a_log_numbers_its_events_and_times_them() -> None:
    times = iter([10, 20, 30])
    events: list[Event] = []
    log = Log("user", lambda: next(times), events.append)
    log.note(End())
    log.note(End(), at=5)
    log.note(End())
    assert [(event.seq, event.at) for event in events] == [(0, 10), (1, 5), (2, 20)]
    assert {event.observer for event in events} == {"user"}
    again: list[Event] = []
    Log("user", lambda: 0, again.append, first_seq=3).note(End())
    assert again[0].seq == 3


def test_every_kind_has_a_name_of_its_own() -> None:
    assert KINDS["shown"] is Shown
    assert all(kind.__struct_config__.tag == name for name, kind in KINDS.items())
    assert all(kind.__struct_config__.frozen for kind in KINDS.values())


def test_fields_that_are_not_known_are_passed_over() -> None:
    """A history of a later version can be read."""
    line = to_line(SHOWN).replace(b'"session":', b'"later":[1],"session":')
    assert from_line(line) == SHOWN


def test_defaults_are_left_out() -> None:
    assert b"stream" not in to_line(SHOWN)
    assert b"without" not in to_line(PLAYED)
    assert msgspec.json.decode(to_line(PLAYED))["what"]["kind"] == "played"
