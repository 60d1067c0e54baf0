"""What the plays about bodies send: odd where they say so, and sound everywhere else."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from fixtures.store import MARKER
from scenarios.recorder import streaming

NAME = "rs-0123456789abcdef"
HEADER = (
    b'{"version":2,"width":80,"height":24,"timestamp":1,"command":"recspec","srcNodeUserID":1,'
    b'"connectionID":"rs-0123456789abcdef"}\n'
)
ODD = {**streaming.ODD_HEADERS, **streaming.ODD_LINES, **streaming.ODD_ORDER}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_recording_can_be_found_again(name: str) -> None:
    body = ODD[name](HEADER, NAME)
    assert MARKER.findall(body) == [NAME.encode()]
    assert body != HEADER + b'[0.5,"o","hello"]\n'


def test_every_way_to_write_text_is_json() -> None:
    for line in streaming.WRITTEN:
        at, code, text = json.loads(line)
        assert (type(at), code, type(text)) == (float, "o", str)


def test_cut_leaves_nothing_out() -> None:
    assert list(streaming.cut(b"abcabc", (b"b", b"a"))) == [b"ab", b"ca", b"bc"]
    assert list(streaming.cut(b"abc", (b"c",))) == [b"abc"]


def test_no_two_lines_of_a_flood_are_the_same() -> None:
    first, second = islice(streaming.numbered(1 << 30), 2)
    lines = (first + second).splitlines()
    assert len(set(lines)) == len(lines)
    assert all(len(json.loads(line)) == 3 for line in lines[:3])
