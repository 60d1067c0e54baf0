from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from conformance.output import Collapser, Recorded, Screen, recorded_output, screen_text

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd"))


def recording(*events: tuple[float, str, str]) -> bytes:
    lines = [{"version": 2}, *events]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def test_only_output_counts() -> None:
    data = recording((0.1, "o", "one"), (0.2, "i", "keys"), (0.3, "r", "80x24"), (0.4, "o", "two"))
    assert recorded_output(data) == "onetwo"


def test_a_line_that_is_no_event_is_counted_and_passed_over() -> None:
    reader = Recorded()
    assert reader.feed(recording((0.1, "o", "one")) + b"[1]\n{}\n\n") == "one"
    assert reader.unreadable == 3


def test_a_line_counts_when_it_is_whole() -> None:
    data = recording((0.1, "o", "one"))
    reader = Recorded()
    assert reader.feed(data[:-1]) == ""
    assert reader.feed(b"\n") == "one"


@given(st.lists(TEXT, max_size=5), st.integers(1, 7))
def test_a_recording_may_come_in_pieces(texts: list[str], size: int) -> None:
    data = recording(*((0.1, "o", text) for text in texts))
    reader = Recorded()
    fed = "".join(reader.feed(data[at : at + size]) for at in range(0, len(data), size))
    assert fed == recorded_output(data) == "".join(texts)


@given(TEXT, st.integers(1, 3))
def test_characters_may_be_split_over_packets(text: str, size: int) -> None:
    data = text.encode()
    pieces = [(data[at : at + size], "stdout") for at in range(0, len(data), size)]
    assert screen_text(pieces) == text


def test_streams_are_decoded_each_by_itself() -> None:
    euro = "€".encode()
    pieces = [(euro[:1], "stdout"), (b"x", "stderr"), (euro[1:], "stdout")]
    assert screen_text(pieces) == "x€"


def test_runs_of_replacement_characters_count_as_one() -> None:
    assert screen_text([(b"a\xff\xfe\xfdb\xff", "stdout"), (b"\xff", "stdout")]) == "a\ufffdb\ufffd"
    collapse = Collapser()
    assert collapse.feed("a\ufffd") + collapse.feed("\ufffd\ufffdb") == "a\ufffdb"
    assert collapse.feed("") == ""
    assert collapse.feed("\ufffd") + collapse.feed("") + collapse.feed("\ufffd") == "\ufffd"
    assert collapse.feed("x") + collapse.feed("\ufffd") == "x\ufffd"


def test_a_character_that_was_cut_off_is_a_replacement_at_the_end() -> None:
    assert screen_text([("€".encode()[:2], "stdout")]) == "\ufffd"
    screen = Screen()
    assert screen.feed("€".encode()[:2]) == ""
    assert screen.feed(b"", final=True) == "\ufffd"
