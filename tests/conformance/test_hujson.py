"""HuJSON: what JSON reads it reads alike, and nothing but comments and trailing commas is added."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.hujson import MAX_DEPTH, MAX_DIGITS, MAX_SIZE, HuJsonError, Value, parse, quoted

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
GAPS = st.sampled_from(
    ["", " ", "\n", "\t\r\n", "// note\n", "/* note */", "/**/", "/* // * / \n */ // é\r\n"]
)


def written(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """Write `value` as HuJSON with gaps wherever they are allowed."""
    if isinstance(value, list):
        items = [written(item, draw) for item in value]
        opening, closing = "[", "]"
    elif isinstance(value, dict):
        items = [
            f"{json.dumps(key)}{draw(GAPS)}:{draw(GAPS)}{written(item, draw)}"
            for key, item in value.items()
        ]
        opening, closing = "{", "}"
    else:
        return json.dumps(value)
    inner = ",".join(f"{draw(GAPS)}{item}{draw(GAPS)}" for item in items)
    trailing = "," if items and draw(st.booleans()) else ""
    return f"{opening}{inner}{trailing}{draw(GAPS)}{closing}"


def standard(text: str) -> str:
    """Take comments and trailing commas away, character by character."""
    out, at, string = "", 0, False
    while at < len(text):
        if string:
            length = 2 if text[at] == "\\" else 1
            string = text[at] != '"'
            out, at = out + text[at : at + length], at + length
        elif text.startswith("//", at) and "\n" in text[at:]:
            at = text.index("\n", at)
        elif text.startswith("/*", at) and "*/" in text[at + 2 :]:
            out, at = out + " ", text.index("*/", at + 2) + 2
        else:
            string = text[at] == '"'
            if text[at] in "]}" and out.rstrip(" \t\r\n").endswith(","):
                without = out.rstrip(" \t\r\n")[:-1]
                if not without.rstrip(" \t\r\n").endswith(("[", "{", ",", ":")):
                    out = without
            out, at = out + text[at], at + 1
    return out


@given(JSON, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_json_reads_as_json_does(value: Any, ascii_only: bool, indent: Any) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse(text).plain() == value
    assert parse(text.encode()).plain() == value


@given(JSON, st.data())
def test_comments_and_trailing_commas_change_nothing(value: Any, data: st.DataObject) -> None:
    text = data.draw(GAPS) + written(value, data.draw) + data.draw(GAPS)
    assert parse(text).plain() == value


@given(JSON, st.data())
def test_every_value_knows_its_place(value: Any, data: st.DataObject) -> None:
    text = data.draw(GAPS) + written(value, data.draw)
    lines = text.split("\n")

    def check(found: Value) -> None:
        at = lines[found.line - 1][found.column - 1 :]
        if isinstance(found.data, list):
            assert at.startswith("[")
            for item in found.data:
                check(item)
        elif isinstance(found.data, dict):
            assert at.startswith("{")
            for name, member in found.data.items():
                assert member.key.data == name
                check(member.key)
                check(member.value)
        else:
            assert at.startswith(json.dumps(found.data))

    check(parse(text))


def no_constant(name: str) -> None:
    raise ValueError(name)


def finite(text: str) -> float:
    if not isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


TOKENS = st.sampled_from(
    [*'{}[],:"/\\ \n-0.1', "true", "null", '"a"', '"b":', "//\n", "/* */", "1e5", "NaN", "\\u0041"]
)


@given(st.lists(TOKENS, max_size=12).map("".join))
def test_two_extensions_and_nothing_more(text: str) -> None:
    try:
        read = [parse(text).plain()]
    except HuJsonError:
        read = []
    try:
        expected = [
            json.loads(
                standard(text),
                parse_constant=no_constant,
                parse_float=finite,
                object_pairs_hook=no_twins,
            )
        ]
    except ValueError:
        expected = []
    assert read == expected


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse(data)
    except HuJsonError as error:
        found = error
    else:
        return
    lines = data.split(b"\n")
    assert 1 <= found.line <= len(lines)
    assert 1 <= found.column <= len(lines[found.line - 1]) + 1
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "end of text where a value should be"),
        ("  ", 1, 3, "end of text where a value should be"),
        ("[,]", 1, 2, "',' where a value should be"),
        ("[1,,]", 1, 4, "',' where a value should be"),
        ("[1 2]", 1, 4, "'2' where ',' or ']' should be"),
        ("[1", 1, 3, "end of text where ',' or ']' should be"),
        ("[", 1, 2, "end of text where a value should be"),
        ("{,}", 1, 2, "',' where a key in double quotes or '}' should be"),
        ("{a: 1}", 1, 2, "'a' where a key in double quotes or '}' should be"),
        ('{"a" 1}', 1, 6, "'1' where ':' should be"),
        ('{"a": 1\n "b": 2}', 2, 2, "'\"' where ',' or '}' should be"),
        ('{"a": }', 1, 7, "'}' where a value should be"),
        ("{'a': 1}", 1, 2, "\"'\" where a key in double quotes or '}' should be"),
        ('{"a": 1,\n "a": 2}', 2, 2, 'duplicate key "a", first on line 1'),
        ('{"a": 1, "\\u0061": 2}', 1, 10, 'duplicate key "a", first on line 1'),
        ("1 2", 1, 3, "'2' after the end of the value"),
        ("[1]]", 1, 4, "']' after the end of the value"),
        ("01", 1, 1, '"01" is not a value'),
        ("+1", 1, 1, '"+1" is not a value'),
        (".5", 1, 1, '".5" is not a value'),
        ("1.", 1, 1, '"1." is not a value'),
        ("0x10", 1, 1, '"0x10" is not a value'),
        ("NaN", 1, 1, '"NaN" is not a value'),
        ("[Infinity]", 1, 2, '"Infinity" is not a value'),
        ("True", 1, 1, '"True" is not a value'),
        ("\u0661", 1, 1, '"\u0661" is not a value'),
        ("1e999", 1, 1, 'the number "1e999" is out of range'),
        ("# note\n1", 1, 1, "'#' where a value should be"),
        ("\u00a01", 1, 1, "character U+00A0 where a value should be"),
        ("\ufeff1", 1, 1, "a byte order mark is not allowed"),
        ("1 // no newline", 1, 3, "a // comment must end with a newline"),
        ("1 /* open", 1, 3, "a /* comment is never closed"),
        ("/*/ 1", 1, 1, "a /* comment is never closed"),
        ("1 / 2", 1, 3, "'/' after the end of the value"),
        ('"abc', 1, 1, "a string is never closed"),
        ('"a\\', 1, 3, 'bad escape "\\" in a string'),
        ('"a\\x41"', 1, 3, 'bad escape "\\x" in a string'),
        ('"\\u12G4"', 1, 2, 'bad escape "\\u" in a string'),
        ('["ok\\n",\n "a\tb"]', 2, 4, "character U+0009 in a string must be escaped"),
        ('"a\nb"', 1, 3, "character U+000A in a string must be escaped"),
    ],
)
def test_mistakes_are_named_where_they_are(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(HuJsonError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.message == message
    assert str(caught.value) == f"line {line}, column {column}: {message}"


def test_columns_count_characters_and_lines_count_newlines() -> None:
    with pytest.raises(HuJsonError) as caught:
        parse('{"é\U0001f600": 1,\r\n "x": ?}')
    assert (caught.value.line, caught.value.column) == (2, 7)


def test_bytes_that_are_not_utf8_are_named_where_they_are() -> None:
    with pytest.raises(HuJsonError) as caught:
        parse(b'{\n "\xc3\xa9\xff": 1}')
    assert (caught.value.line, caught.value.column) == (2, 4)
    assert caught.value.message == "not UTF-8: byte 0xff"


def test_escapes() -> None:
    text = r'"\" \\ \/ \b \f \n \r \t \u00e9 \uD83D\uDE00"'
    assert parse(text).plain() == json.loads(text)


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert parse(r'"\ud83d x \ude00 \ud83d\ud83d"').plain() == "\ufffd x \ufffd \ufffd\ufffd"


def test_deep_is_fine_deeper_is_refused() -> None:
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).data
    with pytest.raises(HuJsonError, match="nested deeper") as caught:
        parse("[" * (MAX_DEPTH + 1))
    assert caught.value.column == MAX_DEPTH + 1
    with pytest.raises(HuJsonError, match="nested deeper"):
        parse('{"a":' * 100_000)


def test_long_numbers_and_texts_are_refused() -> None:
    assert parse("9" * MAX_DIGITS).plain() == 10**MAX_DIGITS - 1
    with pytest.raises(HuJsonError, match="longer than"):
        parse("9" * (MAX_DIGITS + 1))
    with pytest.raises(HuJsonError, match="longer than"):
        parse(" " * (MAX_SIZE + 1))
    with pytest.raises(HuJsonError, match="longer than"):
        parse(b" " * (MAX_SIZE + 1))


def test_a_megabyte_is_read() -> None:
    value = {"ssh": [{"src": [f"user{n}@example.com"], "enforceRecorder": True} for n in range(9)]}
    text = json.dumps([value] * 1500, indent=1)
    assert len(text) > 1_000_000
    assert parse(text).plain() == [value] * 1500


def test_messages_stay_on_one_line() -> None:
    assert quoted("a\n\x1b[2J") == r'"a\u000a\u001b[2J"'
    assert quoted("x" * 50) == '"' + "x" * 39 + '…"'
