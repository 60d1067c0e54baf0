"""The validator as a whole: places, streaming, bounds, and agreement with an independent reader."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.asciicast import CastFinding, Level, Validator, check
from conformance.asciicast.events import Events
from conformance.asciicast.findings import shortened
from conformance.judgement import Status
from conformance.strategies.recordings import (
    WRITERS,
    events,
    headers,
    plain_headers,
    recordings,
    written,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "recordings"
INDEX: dict[str, dict[str, Any]] = json.loads((FIXTURES / "index.json").read_text())
HEADER = (
    b'{"version":2,"width":80,"height":24,"timestamp":1,"env":{"TERM":"x"},"srcNode":"a",'
    b'"srcNodeID":"n","srcNodeTags":["tag:x"],"sshUser":"u","localUser":"u","connectionID":"c"}\n'
)


def places(findings: list[CastFinding]) -> list[tuple[str, int, int]]:
    return [(finding.clause, finding.line, finding.column) for finding in findings]


# --- the data -------------------------------------------------------------------------------------


def test_the_index_names_every_file() -> None:
    files = {str(file.relative_to(FIXTURES)) for file in FIXTURES.rglob("*.cast")}
    assert files == set(INDEX)


@pytest.mark.parametrize("name", INDEX)
def test_a_fixture_breaks_what_its_index_says(name: str) -> None:
    said = INDEX[name]
    findings = check((FIXTURES / name).read_bytes(), plain=said.get("plain", False))
    assert sorted({finding.clause for finding in findings}) == said["clauses"]
    broken = {finding.level for finding in findings}
    folder = name.partition("/")[0]
    expected = {"good": set(), "odd": {Level.SHOULD}}
    assert broken == expected[folder] if folder in expected else Level.MUST in broken


@pytest.mark.parametrize("name", INDEX)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_the_cut_of_the_pieces_makes_no_difference(name: str, size: int) -> None:
    data, plain = (FIXTURES / name).read_bytes(), INDEX[name].get("plain", False)
    validator = Validator(plain=plain)
    findings = []
    for begin in range(0, len(data), size):
        findings += validator.feed(data[begin : begin + size])
    findings += validator.finish()
    assert findings == check(data, plain=plain)


# --- places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (b'[1,"o","x",]', ("file-2", 2, 12)),
        ('[1,"o","éé"x]'.encode(), ("file-2", 2, 12)),  # characters, not bytes
        (b'[1,"o","\xc3\xa9\xff"]', ("file-1", 2, 11)),  # bytes where it is not UTF-8
        (b'  [1, "i", "x"]', ("events-9", 2, 7)),
        (b'[1,"r","80"]', ("events-7", 2, 8)),
        (b'[-1,"o","x"]', ("events-3", 2, 2)),
        (b" {}", ("events-1", 2, 2)),
        (b'[1,"o","\\ud800"]', ("file-5", 2, 9)),
    ],
)
def test_a_finding_names_its_place(line: bytes, place: tuple[str, int, int]) -> None:
    assert places(check(HEADER + line + b"\n")) == [place]


def test_a_value_of_the_header_is_named_at_its_place() -> None:
    assert places(check(HEADER.replace(b"80", b"true"))) == [("header-3", 1, 22)]
    assert places(check(HEADER.replace(b'"width":80,', b""))) == [("header-3", 1, 1)]


def test_an_equal_name_takes_back_what_the_first_one_said() -> None:
    twice = HEADER[:-2] + b',"env":{"A":1},"env":{"TERM":"x"},"width":"x","width":1}\n'
    assert {clause for clause, _, _ in places(check(twice))} == {"file-6"}
    theme = b',"theme":{"fg":"x","fg":"#000000","bg":"#000000","palette":"#000000'
    named = HEADER[:-2] + theme + b":#000000" * 7 + b'"}}\n'
    assert {clause for clause, _, _ in places(check(named))} == {"file-6"}
    # Far inside a value that no rule asks for, equal names are nobody's business.
    deep = b',"x":' + b'{"a":' * 7 + b'{"b":1,"b":2}' + b"}" * 8 + b"\n"
    assert check(HEADER[:-2] + deep) == []


def test_one_time_that_goes_back_is_one_finding() -> None:
    lines = [b'[%d,"o","x"]\n' % time for time in (1, 5, 2, 3, 4)]
    assert places(check(HEADER + b"".join(lines))) == [("events-4", 4, 2)]


def test_it_goes_on_after_an_error() -> None:
    lines = b'nonsense\n[1,"i","x"]\n[1,"o","\xff"]\n[0,"o","x"]\n[2,"r","x"]\n'
    assert [(clause, line) for clause, line, _ in places(check(HEADER + lines))] == [
        ("file-2", 2),
        ("events-9", 3),
        ("file-1", 4),
        ("events-4", 5),
        ("events-7", 6),
    ]


def test_events_are_judged_after_a_header_that_cannot_be_read() -> None:
    assert [c for c, _, _ in places(check(b'{"version":2,x\n[1,"i","x"]\n'))] == [
        "file-2",
        "events-9",
    ]
    too_long = HEADER[:-2] + b',"x":"' + b"x" * 99 + b'"}\n[1,"i","x"]\n'
    found = check(too_long, line_limit=len(HEADER))
    assert [clause for clause, _, _ in places(found)] == ["file-9", "events-9"]


def test_an_event_in_place_of_the_header_is_judged_too() -> None:
    findings = check(b'[1,"i","x"]\n[0,"o","x"]\n')
    assert [c for c, _, _ in places(findings)] == ["header-1", "events-9", "events-4"]


def test_nothing_is_judged_by_rules_that_are_not_known() -> None:
    assert [c for c, _, _ in places(check(b'{"version":4}\n[-1]\nnonsense\n'))] == ["header-2"]
    v1 = b'{"version":1,\n"width":80,\nnonsense\n[-1]\n'
    assert places(check(v1)) == [("file-2", 3, 1)]


def test_a_line_beyond_the_limit_inside_asciicast_v1_ends_the_judgement() -> None:
    v1 = b'{"version":1,\n"title":"' + b"x" * 99 + b'",\n"width":"x"}\n'
    assert places(check(v1, line_limit=50)) == [("file-9", 2, 51)]


def test_plain_takes_what_the_protocol_forbids() -> None:
    cast = b'{"version":2,"width":80,"height":24}\n[1,"i","x"]\n[1,"new",{"a":1}]\n[2,"o","x"]'
    assert check(cast, plain=True) == []
    assert check(cast.replace(b'"new",{"a":1}', b'"m",{"a":1}'), plain=True) != []
    assert check(cast.replace(b'"new",{"a":1}', b'7,{"a":1}'), plain=True) != []


def test_verdicts() -> None:
    for data, status in ((HEADER, "pass"), (HEADER + b"\n", "warn"), (HEADER + b"x\n", "fail")):
        validator = Validator()
        validator.feed(data)
        validator.finish()
        assert validator.status == Status(status)
    must, should = check(HEADER + b"x\n\n")
    assert must.judged().status is Status.FAIL
    assert should.judged().status is Status.WARN
    assert should.judged().message == "line 3, column 1: a blank line"


def test_the_version_is_known_once_it_was_read() -> None:
    validator = Validator()
    assert validator.version is None
    validator.feed(b'{"version":3}\n')
    assert (validator.version, validator.lines) == (3, 1)


# --- bounds ---------------------------------------------------------------------------------------


def test_findings_beyond_the_bound_are_counted() -> None:
    validator = Validator(most=3)
    findings = validator.feed(HEADER + b'[1,"i","x"]\n' * 10 + b"\n") + validator.finish()
    told, closing = findings[:-1], findings[-1]
    assert [f.clause for f in told] == ["events-9"] * 3 + ["events-10"]
    assert (closing.clause, closing.line) == ("events-9", 11)
    assert closing.message.startswith("7 more")


def test_frames_beyond_the_bound_are_counted() -> None:
    frames = b",".join([b"[-1]"] * 9)
    v1 = b'{"version":1,"width":1,"height":1,"duration":1,"stdout":[' + frames + b"]}"
    validator = Validator(most=4)
    findings = validator.feed(v1) + validator.finish()
    assert [f.clause for f in findings] == ["events-13"] * 5
    assert findings[-1].message.startswith("14 more")


@pytest.mark.parametrize("size", [1, 50, 100_000])
def test_lines_beyond_the_limit_are_skipped_to_the_next(size: int) -> None:
    long = b'[2,"o","' + b"x" * 500 + b'"]\n'
    data = HEADER + b'[1,"o","x"]\n' + long + b'[3,"i","x"]\n' + long[:-1]
    validator = Validator(line_limit=300)
    findings = []
    for begin in range(0, len(data), size):
        findings += validator.feed(data[begin : begin + size])
    findings += validator.finish()
    assert [(f.clause, f.line) for f in findings] == [
        ("file-9", 3),
        ("events-9", 4),
        ("file-9", 5),
    ]
    assert validator.lines == 5


def test_a_line_longer_than_a_block_is_read() -> None:
    long = b'[1,"o","' + b"x" * 300_000 + b'"]\n'
    assert check(HEADER + long + long) == []
    assert places(check(HEADER + long + long.replace(b'"]', b'"}'))) == [("file-2", 3, 300_010)]


def test_a_header_with_more_names_than_are_kept() -> None:
    many = b",".join(b'"n%d":%d' % (n, n) for n in range(5000))
    assert check(HEADER[:-2] + b"," + many + b"}\n") == []


def test_a_very_long_string_in_the_header() -> None:
    assert check(HEADER[:-2] + b',"command":"' + b"\\u001b" * 5000 + b'"}\n') == []


# --- what is quoted -------------------------------------------------------------------------------


@given(st.text(max_size=200))
def test_a_quotation_is_short_and_cannot_steer_a_terminal(text: str) -> None:
    shown = shortened(text)
    assert shown.isprintable()
    assert len(shown) <= 60 * len("\\U0001f600") + 1


@given(st.binary(max_size=200))
@example(b'[1,"o","\x1b]0;x\x07"]\n')
def test_no_message_can_steer_a_terminal(line: bytes) -> None:
    assert all(finding.message.isprintable() for finding in check(HEADER + line))


def test_what_was_typed_is_not_quoted() -> None:
    (finding,) = check(HEADER + b'[1,"i","hunter2"]\n')
    assert "hunter2" not in finding.message


# --- properties -----------------------------------------------------------------------------------


@given(recordings())
def test_what_a_writer_writes_is_accepted(recording: bytes) -> None:
    assert check(recording) == []


@given(plain_headers(), events(), st.sampled_from(WRITERS))
def test_what_a_writer_of_bare_asciicast_writes_is_accepted(
    header: Any, seen: Any, to: Any
) -> None:
    header["height"] = min(header["height"], 30000)
    findings = check(written(header, seen, to), plain=True)
    assert findings == []


@given(recordings(), st.binary(max_size=30), st.data())
def test_the_cut_never_matters(recording: bytes, noise: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(recording)))
    damaged = recording[:at] + noise + recording[at:]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(damaged)), max_size=8)))
    validator = Validator(line_limit=400, most=5)
    findings = []
    for begin, end in pairwise([0, *cuts, len(damaged)]):
        findings += validator.feed(damaged[begin:end])
    findings += validator.finish()
    whole = Validator(line_limit=400, most=5)
    assert findings == whole.feed(damaged) + whole.finish()


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_no_bytes_make_it_raise(data: bytes) -> None:
    check(data)
    check(HEADER + data, plain=True)
    check(b'{"version":1,' + data)
    check(b'{"version":3,"term":{"cols":1,"rows":1}}\n' + data)


def reads_as_an_event(line: bytes, last: float) -> float | None:
    """Read one event line the way the rules say, with another decoder; None when it is wrong."""

    def no_constant(name: str) -> None:
        raise ValueError(name)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        raise ValueError(pairs)

    try:
        text = line.decode()
        value = json.loads(text, parse_constant=no_constant, object_pairs_hook=unique)
    except ValueError:
        return None
    if not (isinstance(value, list) and len(value) == 3):
        return None
    time, code, data = value
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        return None
    if not (isinstance(code, str) and isinstance(data, str) and code not in ("", "i")):
        return None
    try:
        (code + data).encode()
        time = float(time)
    except (UnicodeEncodeError, OverflowError):
        return None
    if code == "r":
        cols, _, rows = data.partition("x")
        for number in (cols, rows):
            plain = number.isascii() and number.isdigit() and str(int(number)) == number
            if not plain or int(number) > 65535:
                return None
    return time if last <= time < math.inf else None


EVENTS = b'[0.5,"o","h\\u00e9\xc3\xa9\\n"]\n[1.25e0,"r","120x40"]\n[7,"m",""]\n'


@pytest.mark.parametrize("at", range(len(EVENTS)))
def test_one_damaged_byte_is_found_or_leaves_a_valid_recording(at: int) -> None:
    for byte in range(256):
        damaged = EVENTS[:at] + bytes([byte]) + EVENTS[at + 1 :]
        found = [f for f in check(HEADER + damaged) if f.level is Level.MUST]
        ended = damaged.endswith(b"\n")
        last: float | None = 0.0
        for line in damaged.removesuffix(b"\n").split(b"\n"):
            if last is not None and line.strip(b" \t\r"):
                last = reads_as_an_event(line, last)
        assert (not found) == (last is not None and ended), (byte, found)


@given(st.lists(recordings(), min_size=1, max_size=1), st.data())
@settings(max_examples=200)
def test_the_fast_way_and_the_slow_way_agree(one: list[bytes], data: st.DataObject) -> None:
    first, *lines = one[0].split(b"\n")
    body = b"\n".join(lines)
    if body:
        at = data.draw(st.integers(0, len(body) - 1))
        body = body[:at] + data.draw(st.binary(max_size=2)) + body[at + 1 :]
    recording = first + b"\n" + body
    fast = check(recording)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Events, "block", lambda self, data: 0)
        assert check(recording) == fast
        # The slow way alone: every line is explained.
        patch.setattr("conformance.asciicast.events._DECODER", _Refusing())
        assert check(recording) == fast


class _Refusing:
    """Stands for the decoder of the fast way, and takes nothing."""

    def decode(self, line: bytes) -> Any:
        raise UnicodeDecodeError("utf-8", line, 0, 1, "refused")


@given(headers(), st.data())
@settings(max_examples=200)
def test_a_damaged_header_is_found_or_still_keeps_the_rules(
    header: dict[str, Any], data: st.DataObject
) -> None:
    """A key that is dropped or turned into another kind is found, unless it is optional."""
    header["height"] = min(header["height"], 30000)
    key = data.draw(st.sampled_from(sorted(header)))
    wrong = {**header, key: data.draw(st.sampled_from([True, 1.5, [7], {"a": 7}]))}
    findings = check(written(wrong, []))
    still_right = key == "futureKey" or (key == "kubernetes" and isinstance(wrong[key], dict))
    assert (findings == []) == still_right
