"""Strategies for recordings that keep every clause: headers, events, and whole files.

A file is a header and events (data), written by one of several `Writer`s, because what is in a
recording and how its JSON is spelled are two things.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from hypothesis import strategies as st

Header: TypeAlias = dict[str, Any]
CastEvent: TypeAlias = tuple[float, str, str]
Writer: TypeAlias = Callable[[object], bytes]

_GO_ESCAPED = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def compact(value: object) -> bytes:
    """Write JSON without spaces, as UTF-8."""
    return msgspec.json.encode(value)


def spaced(value: object) -> bytes:
    """Write JSON with spaces and in ASCII, as Python's standard library does."""
    return json.dumps(value).encode()


def as_go(value: object) -> bytes:
    """Write JSON as Go's encoder does: characters that mean something to HTML are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_GO_ESCAPED).encode()


WRITERS: tuple[Writer, ...] = (compact, spaced, as_go)


def written(header: Header, events: list[CastEvent], writer: Writer = compact) -> bytes:
    """Return a recording: the header and the events, one to a line."""
    return b"".join(writer(line) + b"\n" for line in (header, *events))


sizes = st.integers(0, 65535)
"""Columns or rows of a terminal."""

_names = st.text(min_size=1, max_size=20)
_hosts = st.from_regex(r"[a-z][a-z0-9-]{0,10}\.[a-z][a-z0-9-]{0,10}\.ts\.net", fullmatch=True)
_ids = st.from_regex(r"n[A-Za-z0-9]{1,15}", fullmatch=True)
_tags = st.lists(st.from_regex(r"tag:[a-z][a-z0-9-]{0,10}", fullmatch=True), min_size=1, max_size=4)
_user_ids = st.integers(1, 2**63 - 1)


def plain_headers() -> st.SearchStrategy[Header]:
    """Headers of bare asciicast v2."""
    return st.fixed_dictionaries(
        {"version": st.just(2), "width": sizes, "height": sizes},
        optional={
            "timestamp": st.integers(0, 2**40),
            "duration": st.floats(0, 1e9),
            "idle_time_limit": st.floats(0, 1e6),
            "command": st.none() | st.text(),
            "title": st.none() | st.text(),
            "env": st.none() | st.dictionaries(_names, st.text(), max_size=4),
        },
    )


@st.composite
def headers(draw: st.DrawFn, *, kubernetes: bool | None = None) -> Header:
    """Headers of session recordings; `kubernetes` says of which kind, None of either."""
    pod = draw(st.booleans()) if kubernetes is None else kubernetes
    who = st.just("") if pod else _names
    header: Header = {
        "version": 2,
        "width": draw(sizes),
        "height": draw(sizes),
        "timestamp": draw(st.integers(0, 2**40)),
        "srcNode": draw(_hosts),
        "srcNodeID": draw(_ids),
        "env": None if pod else {"TERM": draw(_names)},
        "sshUser": draw(who),
        "localUser": draw(who),
        "connectionID": draw(who),
    }
    if draw(st.booleans()):
        header["command"] = draw(st.text())
    if draw(st.booleans()):
        header["srcNodeTags"] = draw(_tags)
    else:
        header["srcNodeUserID"] = draw(_user_ids)
        header["srcNodeUser"] = draw(_names)
    if pod:
        keys = ("PodName", "Namespace", "Container", "SessionType")
        header["kubernetes"] = {key: draw(st.text(max_size=20)) for key in keys}
    if draw(st.booleans()):
        header["futureKey"] = draw(st.none() | st.text() | st.lists(st.integers(), max_size=3))
    return header


@st.composite
def events(draw: st.DrawFn, *, max_size: int = 12) -> list[CastEvent]:
    """Events of a session recording: times in order, no keystrokes, no resize on its side."""
    times = sorted(draw(st.lists(st.floats(0, 1e6), max_size=max_size)))
    drawn: list[CastEvent] = []
    for time in times:
        code = draw(st.sampled_from("oooomrz"))
        data = draw(st.text(max_size=40))
        if code == "r":
            # Wider than high by so much that no two sizes are each other's swapped.
            data = f"{draw(st.integers(40000, 65535))}x{draw(st.integers(0, 1000))}"
        drawn.append((time, code, data))
    return drawn


@st.composite
def recordings(draw: st.DrawFn, *, kubernetes: bool | None = None) -> bytes:
    """Whole session recordings that keep every clause, however their JSON is spelled."""
    header = draw(headers(kubernetes=kubernetes))
    # A header higher than wide could be the first resize on its side.
    header["height"] = min(header["height"], 30000)
    return written(header, draw(events()), draw(st.sampled_from(WRITERS)))
