from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.names import history_path
from reports.visible import encodable, one_line, shown, visible

ANY = st.text(st.characters(exclude_categories=[]))


@given(ANY)
def test_nothing_that_acts_is_left(text: str) -> None:
    for character in one_line(text):
        assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(character) not in {"RLO", "LRO", "RLE", "LRE", "PDF"}
    visible(text).encode()


@given(st.binary())
def test_bytes_come_out_on_one_line(data: bytes) -> None:
    assert len(shown(data).splitlines()) <= 1
    shown(data).encode()


@given(st.text())
def test_text_that_utf_8_has_stays_as_it_is(text: str) -> None:
    assert encodable(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\tb\nc", "a\\tb\\nc"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\r", "\\r"),
        ("\u202e", "\\u202e"),
        ("\ud800", "\\ud800"),
        ("<&>é漢🙂", "<&>é漢🙂"),
    ],
)
def test_escapes_read_as_people_know_them(text: str, said: str) -> None:
    assert one_line(text) == said


def test_long_text_is_cut_and_says_so() -> None:
    assert one_line("abcdef", 4) == "abcd … 2 more"
    assert shown(b"abcdef", 4) == "abcd … 2 more"
    assert one_line("abcd", 4) == "abcd"


@given(ANY.filter(bool))
def test_a_history_stays_in_its_folder(scenario: str) -> None:
    folder, slash, name = history_path(scenario).rpartition("/")
    assert (folder, slash) == ("histories", "/")
    assert name not in {"", ".", ".."}
    assert "\x00" not in name
    name.encode()


def test_a_history_is_called_after_its_scenario() -> None:
    assert history_path("lost/v2-black-hole") == "histories/lost__v2-black-hole.jsonl"
