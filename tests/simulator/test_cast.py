"""Recording lines, and output that is cut inside a character."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from conformance.wire import CastHeader
from simulator.cast import CastWriter, WholeCharacters

SECOND = 1_000_000_000


def writer(started_at: int = 0) -> CastWriter:
    header = CastHeader(
        version=2,
        width=80,
        height=24,
        timestamp=1_700_000_000,
        env={"TERM": "xterm"},
        command="make",
        src_node="laptop.example.ts.net",
        src_node_id="n1",
        src_node_tags=("tag:dev", "tag:ci"),
        connection_id="c-1",
    )
    return CastWriter(header, started_at)


def test_the_header_is_one_line_with_the_keys_of_the_protocol() -> None:
    line = writer().header_line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "version": 2,
        "width": 80,
        "height": 24,
        "timestamp": 1_700_000_000,
        "env": {"TERM": "xterm"},
        "command": "make",
        "srcNode": "laptop.example.ts.net",
        "srcNodeID": "n1",
        "srcNodeTags": ["tag:dev", "tag:ci"],
        "connectionID": "c-1",
    }


def test_an_output_event_has_seconds_since_the_start() -> None:
    line = writer(10 * SECOND).output_line('a"b\\\n\x1b', 11 * SECOND + 500_000_000)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == [1.5, "o", 'a"b\\\n\x1b']


def test_a_resize_says_columns_first() -> None:
    assert json.loads(writer().resize_line(132, 43, SECOND)) == [1.0, "r", "132x43"]


def test_times_never_go_backwards_nor_below_the_start() -> None:
    w = writer(5 * SECOND)
    times = [json.loads(w.output_line("x", at))[0] for at in (4 * SECOND, 7 * SECOND, 6 * SECOND)]
    assert times == [0.0, 2.0, 2.0]


def test_a_character_split_over_two_reads_arrives_whole() -> None:
    whole = WholeCharacters()
    assert whole.feed(b"a\xe2\x82") == ("a", b"a")
    assert whole.held == b"\xe2\x82"
    assert whole.feed(b"\xacb") == ("\u20acb", b"\xe2\x82\xacb")
    assert whole.flush() == ("", b"")


def test_bytes_that_are_no_characters_become_replacements_and_stay_raw_for_the_user() -> None:
    whole = WholeCharacters()
    assert whole.feed(b"a\xffb") == ("a\ufffdb", b"a\xffb")


def test_a_character_that_never_ends_is_let_go_at_the_end() -> None:
    whole = WholeCharacters()
    assert whole.feed(b"\xf0\x9f\x98") == ("", b"")
    assert whole.flush() == ("\ufffd", b"\xf0\x9f\x98")
    assert whole.feed(b"ok") == ("ok", b"ok")


@given(st.lists(st.binary(max_size=6), max_size=12))
def test_nothing_is_lost_however_it_is_cut(pieces: list[bytes]) -> None:
    whole = WholeCharacters()
    parts = [whole.feed(piece) for piece in pieces]
    assert len(whole.held) <= 3
    parts.append(whole.flush())
    data = b"".join(pieces)
    assert b"".join(raw for _, raw in parts) == data
    text = "".join(text for text, _ in parts)
    assert one_mark(text) == one_mark(data.decode("utf-8", "replace"))


@given(st.text(max_size=30), st.integers(1, 5))
def test_valid_text_is_recorded_as_it_is(text: str, size: int) -> None:
    data = text.encode()
    whole = WholeCharacters()
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert "".join(whole.feed(piece)[0] for piece in pieces) == text
    assert whole.held == b""


def one_mark(text: str) -> str:
    """Runs of U+FFFD count as one (D7)."""
    return re.sub("\ufffd+", "\ufffd", text)
