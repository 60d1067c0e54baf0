"""Names of recordings: injective, contained, and as RFC 3339 writes them."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.storage.naming import (
    HEADER_LIMIT,
    SEGMENT_LIMIT,
    UNKNOWN,
    HeaderLine,
    Name,
    event_name,
    recording_name,
    segment,
)

NANO = 1_000_000_000
OPENED = 1_700_000_000 * NANO + 123_456_789
"""2023-11-14T22:13:20Z and a bit, by the recorder's clock."""

any_text = st.text(st.characters(), max_size=400)
nasty = st.text("./\\%~%\0\n unkow2E5", max_size=8)
node_ids = any_text | nasty


@given(node_ids)
@example("")
@example(".")
@example("..")
@example("../../etc/passwd")
@example("/etc/passwd")
@example("a\0b")
@example("a\nb")
@example(".incoming")
@example("\ud800")
@example("x" * 10_000)
@example("é" * 80)
def test_a_node_id_is_one_path_segment_inside_the_base(node_id: str) -> None:
    name = segment(node_id)
    assert 0 < len(name) <= SEGMENT_LIMIT
    assert re.fullmatch(r"[A-Za-z0-9_.%~-]+", name)
    assert not name.startswith(".")
    base = PurePosixPath("/base")
    assert (base / name).parent == base


@given(node_ids, node_ids)
@example("a", "A")
@example(".", "%2E")
@example("", "%")
@example("unknown", "%75nknown")
@example("x" * 300, "x" * 301)
@example("a/b", "a%2Fb")
def test_two_node_ids_never_share_a_segment(one: str, other: str) -> None:
    assert (segment(one) == segment(other)) == (one == other)


@given(node_ids)
@example("unknown")
def test_no_node_id_is_taken_for_an_unknown_one(node_id: str) -> None:
    assert segment(node_id) != UNKNOWN


def test_ordinary_node_ids_stand_for_themselves() -> None:
    assert segment("nBLYviWLGB11CNTRL") == "nBLYviWLGB11CNTRL"
    assert segment("node-1.tail_net") == "node-1.tail_net"


def header(**keys: object) -> bytes:
    return json.dumps({"version": 2, "width": 80, "height": 24, **keys}).encode()


def test_the_second_is_the_headers_and_the_fraction_the_recorders() -> None:
    name = recording_name(header(srcNodeID="n1", timestamp=1_600_000_000), OPENED)
    assert name.path == "n1/2020-09-13T12:26:40.123456789Z.cast"


@pytest.mark.parametrize(
    "timestamp", [None, "1600000000", True, 0, -5, 10**12, 1e300, [], {"a": 1}]
)
def test_an_absurd_timestamp_gives_way_to_the_recorders_clock(timestamp: object) -> None:
    name = recording_name(header(srcNodeID="n1", timestamp=timestamp), OPENED)
    assert name.path == "n1/2023-11-14T22:13:20.123456789Z.cast"


def test_the_end_of_rfc_3339_can_be_written() -> None:
    name = recording_name(header(srcNodeID="n", timestamp=253_402_300_798), OPENED)
    assert name.path == "n/9999-12-31T23:59:58.123456789Z.cast"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"n1"',
        b"\xff\xfe",
        b'{"srcNodeID": "\xff"}',
        header(),
        header(srcNodeID=None),
        header(srcNodeID=7),
        header(srcNodeID=["n1"]),
        b"[" * 100_000,
    ],
)
def test_a_header_that_names_no_node_is_unknown(line: bytes) -> None:
    assert recording_name(line, OPENED).node == UNKNOWN


def test_a_taken_name_moves_on_by_a_nanosecond() -> None:
    name = Name("n1", OPENED - OPENED % NANO + NANO - 1).following()
    assert name.path == "n1/2023-11-14T22:13:21.000000000Z.cast"


@given(st.integers(1, 253_402_300_798), st.integers(0, NANO - 1))
def test_names_sort_as_time_does(second: int, fraction: int) -> None:
    name = Name("n", second * NANO + fraction)
    assert name.path < name.following().path


@given(st.lists(st.binary(max_size=30)), st.integers(0, 40))
def test_the_header_line_is_found_however_it_is_cut(rest: list[bytes], cut: int) -> None:
    line = header(srcNodeID="n1", timestamp=1_600_000_000)
    data = line + b"\n" + b"".join(rest)
    reader = HeaderLine()
    assert reader.feed(data[:cut]) == (b"\n" in data[:cut])
    assert reader.feed(data[cut:])
    assert reader.name(OPENED).path == "n1/2020-09-13T12:26:40.123456789Z.cast"


def test_a_header_line_without_end_is_not_kept() -> None:
    reader = HeaderLine()
    piece = b'{"srcNodeID": "n1", "x": "' + b"x" * 4096
    fed = 0
    while not reader.feed(piece):
        fed += len(piece)
        assert fed <= HEADER_LIMIT
    assert reader.name(OPENED).node == UNKNOWN


def test_events_are_named_by_their_source() -> None:
    name = event_name(b'{"source": {"nodeID": "n/1"}}', OPENED)
    assert name is not None
    assert name.path == "n%2F1/2023-11-14T22:13:20.123456789Z.event.json"
    assert event_name(b"[]", OPENED) is None
    assert event_name(b"{}", OPENED) == Name(UNKNOWN, OPENED, ".event.json")
