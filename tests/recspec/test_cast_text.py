"""What a recording showed, played back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.asciicast import Event
from conformance.asciicast.recording import Item
from recspec.cast_text import output_lines, shown_lines


def items(*data: str, cols: Any = 20, rows: Any = 3) -> list[Item]:
    header: Item = (1, {"version": 2, "width": cols, "height": rows})
    return [header, *((n, Event(float(n), "o", text)) for n, text in enumerate(data, start=2))]


def shown(*data: str, **size: Any) -> list[str]:
    return list(shown_lines(items(*data, **size)))


def test_lines_that_scrolled_away_come_first() -> None:
    assert shown("1\r\n2\r\n3\r\n4\r\n5") == ["1", "2", "3", "4", "5"]


def test_what_was_overwritten_is_gone() -> None:
    assert shown("10%", "\r100%\r\n", "a\bb") == ["100%", "b"]


def test_a_cleared_screen_was_shown() -> None:
    assert shown("before", "\x1b[2J\x1b[H", "after") == ["before", "after"]


def test_a_full_screen_program_leaves_what_was_there() -> None:
    assert shown("$ vi\r\n", "\x1b[?1049h\x1b[Hfile", "\x1b[?1049l", "$ ls") == [
        "file",
        "$ vi",
        "$ ls",
    ]
    twice = shown("a", "\x1b[?1049h", "\x1b[?1049h\x1b[2J\n\n\n\nb", "\x1b[?1049l\x1b[?1049l")
    assert twice == ["", "", " b", "a"]  # a line feed does not return to the first column


def test_a_smaller_terminal_loses_lines_at_the_top() -> None:
    played = items("1\r\n2\r\n3")
    played.append((9, Event(9, "r", "20x2")))
    played.append((10, Event(10, "r", "rubbish")))
    played.append((11, Event(11, "m", "no output")))
    played.append((12, None))
    assert list(shown_lines(played)) == ["1", "2", "3"]


def test_a_resize_of_the_alternate_screen_loses_nothing() -> None:
    played = items("\x1b[?1049ha\r\nb\r\nc")
    played.append((9, Event(9, "r", "20x1")))
    assert list(shown_lines(played)) == ["c"]


def test_empty_lines_between_count() -> None:
    assert shown("\x1b[3;1Hx\x1b[2K\x1b[1;1H", "a\r\n\r\n\r\nb") == ["a", "", "", "b"]


def test_v3_and_headers_that_say_nothing() -> None:
    event: Item = (2, Event(0, "o", "abc"))
    v3: Item = (1, {"version": 3, "term": {"cols": 2, "rows": 5}})
    assert list(shown_lines([v3, event])) == ["ab", "c"]
    for header in ({"version": 3}, {"width": "x", "height": 1}, {}, None):
        assert list(shown_lines([(1, header), event])) == ["abc"]
    assert list(shown_lines([])) == []


def test_without_a_terminal_the_output_is_as_it_is() -> None:
    assert shown("a\x1b[1m\nb\r\nc", cols=0, rows=0) == ["a", "b", "c"]


def test_wide_characters_and_marks() -> None:
    assert shown("日本e\u0301x") == ["日本éx"]
    (line,) = shown("e" + "\u0331" * 100_000)
    assert len(line) <= 10


@pytest.mark.parametrize(
    "nonsense",
    [
        "\x1b[1;2;3;4A",
        "\x1b[" + "9" * 5000 + "A",
        "\x1b[²m",
        "\x1b[?7m",
        "\x1b7" * 1000,
        "\x1b[99999999;1H",
    ],
)
def test_nonsense_is_passed_over(nonsense: str) -> None:
    assert any("after" in line for line in shown("before", nonsense, "after"))


@given(st.lists(st.text("\x1b[]?;0123456789hlmHJKABrL\x07\r\n\x84 aé\u0301日", max_size=60)))
def test_nothing_makes_it_raise_or_reaches_the_terminal(data: list[str]) -> None:
    lines = [*shown(*data), *(line.text for line in output_lines(items(*data)))]
    assert all(line.replace("\t", "").isprintable() for line in lines)


def test_a_very_large_terminal_is_bounded() -> None:
    assert shown("x\x1b[65535;65535Hy", cols=65535, rows=65535)[-1].endswith("y")


def test_lines_of_output_know_where_they_began() -> None:
    played = items("one\ntw", "o\x1b[", "1m!\n\x1b]0;title\x07", "three")
    assert list(output_lines(played)) == [(2, 2.0, "one"), (2, 2.0, "two!"), (4, 4.0, "three")]


def test_output_without_an_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recspec.cast_text._LONGEST", 3)
    assert [line.text for line in output_lines(items("abcd", "ef"))] == ["abcd", "ef"]
