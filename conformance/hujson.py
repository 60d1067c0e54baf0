"""HuJSON: JSON as RFC 8259 has it, with comments and trailing commas, and nothing more.

Comments are ``// … newline`` and ``/* … */``; one comma may follow the last member of an object
or element of an array that is not empty. Source: the grammar of ``tailscale/hujson`` (a line
comment ends with a newline, also on the last line). Stricter than RFC 8259 asks in two points: a
duplicate key and a byte order mark are errors, since a policy file must mean one thing only.

Every value and every key knows its line and column (both from 1; columns count characters), so
that errors found later can name the place. Size and depth are bounded, time is linear.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from math import isfinite
from typing import Any, NoReturn, TypeAlias

import msgspec

MAX_SIZE = 4 << 20
"""Longest text that is read: bytes, or characters when it is already text."""

MAX_DEPTH = 128
"""Deepest nesting of objects and arrays."""

MAX_DIGITS = 1000
"""Longest number, in characters."""


class HuJsonError(ValueError):
    """A text that is not HuJSON; `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column
        self.message = message


class Value(msgspec.Struct, frozen=True, gc=False):
    """One value of the text and where it stands."""

    data: Data
    line: int
    column: int

    def plain(self) -> Any:
        """Return what `json.loads` would: no positions, lists and dicts."""
        if isinstance(self.data, list):
            return [item.plain() for item in self.data]
        if isinstance(self.data, dict):
            return {name: member.value.plain() for name, member in self.data.items()}
        return self.data


class Member(msgspec.Struct, frozen=True, gc=False):
    """One member of an object: its key, with its place, and its value."""

    key: Value
    value: Value


Data: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Member] | None"

_GAP = re.compile(r"(?:[ \t\r\n]++|//[^\n]*+\n|/\*(?s:.*?)\*/)*+")
_INSIDE = r'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+'
_STRING = re.compile(f'"({_INSIDE})"')
_STRING_SO_FAR = re.compile(f'"{_INSIDE}')
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\."
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?")
_WORD = re.compile(r"[\w.+-]++")
_LITERALS = {"true": True, "false": False, "null": None}
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def parse(text: str | bytes) -> Value:
    """Read one HuJSON text; raises HuJsonError with the place of the first mistake."""
    if len(text) > MAX_SIZE:
        raise HuJsonError(1, 1, f"longer than {MAX_SIZE} bytes")
    return _Reader(_decoded(text) if isinstance(text, bytes) else text).document()


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        byte = data[error.start]
        raise HuJsonError(line, column, f"not UTF-8: byte 0x{byte:02x}") from None


def _unescaped(match: re.Match[str]) -> str:
    """Return the character that one escape stands for; half a surrogate pair becomes U+FFFD."""
    escape = match[0]
    if len(escape) == 12:
        high, low = int(escape[2:6], 16), int(escape[8:], 16)
        return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
    if len(escape) == 6:
        code = int(escape[2:], 16)
        return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)
    return _SIMPLE.get(escape[1], escape[1])


class _Reader:
    """Recursive descent over one text; every method takes an offset and returns the next one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def document(self) -> Value:
        if self.text.startswith("\ufeff"):
            self.fail(0, "a byte order mark is not allowed")
        value, end = self.value(self.gap(0), 0)
        end = self.gap(end)
        if end < len(self.text):
            self.fail(end, f"{self.seen(end)} after the end of the value")
        return value

    def place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1

    def fail(self, at: int, message: str) -> NoReturn:
        raise HuJsonError(*self.place(at), message)

    def seen(self, at: int) -> str:
        """Name what stands at `at`, for an error message."""
        if at >= len(self.text):
            return "end of text"
        character = self.text[at]
        return repr(character) if character.isprintable() else f"character U+{ord(character):04X}"

    def made(self, data: Data, at: int) -> Value:
        line = bisect_right(self.starts, at)
        return Value(data, line, at - self.starts[line - 1] + 1)

    def gap(self, at: int) -> int:
        """Skip white space and comments."""
        match = _GAP.match(self.text, at)
        assert match is not None
        end = match.end()
        if self.text.startswith("//", end):
            self.fail(end, "a // comment must end with a newline")
        if self.text.startswith("/*", end):
            self.fail(end, "a /* comment is never closed")
        return end

    def value(self, at: int, depth: int) -> tuple[Value, int]:
        first = self.text[at : at + 1]
        if first == '"':
            return self.string(at)
        if first in ("{", "["):
            if depth == MAX_DEPTH:
                self.fail(at, f"nested deeper than {MAX_DEPTH} levels")
            return self.object(at, depth + 1) if first == "{" else self.array(at, depth + 1)
        return self.scalar(at)

    def object(self, at: int, depth: int) -> tuple[Value, int]:
        members: dict[str, Member] = {}
        end = self.gap(at + 1)
        while not self.text.startswith("}", end):
            if not self.text.startswith('"', end):
                self.fail(end, f"{self.seen(end)} where a key in double quotes or '}}' should be")
            key, after = self.string(end)
            name = key.data
            assert isinstance(name, str)
            if name in members:
                line = members[name].key.line
                self.fail(end, f"duplicate key {quoted(name)}, first on line {line}")
            end = self.gap(after)
            if not self.text.startswith(":", end):
                self.fail(end, f"{self.seen(end)} where ':' should be")
            value, after = self.value(self.gap(end + 1), depth)
            members[name] = Member(key, value)
            end = self.separated(self.gap(after), "}")
        return self.made(members, at), end + 1

    def array(self, at: int, depth: int) -> tuple[Value, int]:
        items: list[Value] = []
        end = self.gap(at + 1)
        while not self.text.startswith("]", end):
            value, after = self.value(end, depth)
            items.append(value)
            end = self.separated(self.gap(after), "]")
        return self.made(items, at), end + 1

    def separated(self, at: int, closing: str) -> int:
        """Skip the comma after a member or element; the closing bracket stays."""
        if self.text.startswith(",", at):
            return self.gap(at + 1)
        if not self.text.startswith(closing, at):
            self.fail(at, f"{self.seen(at)} where ',' or {closing!r} should be")
        return at

    def string(self, at: int) -> tuple[Value, int]:
        match = _STRING.match(self.text, at)
        if match is None:
            self.bad_string(at)
        inner = match[1]
        if "\\" in inner:
            inner = _ESCAPE.sub(_unescaped, inner)
        return self.made(inner, at), match.end()

    def bad_string(self, at: int) -> NoReturn:
        """Say why the string that starts at `at` is none."""
        match = _STRING_SO_FAR.match(self.text, at)
        assert match is not None
        end = match.end()
        if end == len(self.text):
            self.fail(at, "a string is never closed")
        if self.text[end] == "\\":
            self.fail(end, f"bad escape {quoted(self.text[end : end + 2])} in a string")
        self.fail(end, f"{self.seen(end)} in a string must be escaped")

    def scalar(self, at: int) -> tuple[Value, int]:
        match = _WORD.match(self.text, at)
        if match is None:
            self.fail(at, f"{self.seen(at)} where a value should be")
        word = match[0]
        if word in _LITERALS:
            return self.made(_LITERALS[word], at), match.end()
        return self.made(self.number(word, at), at), match.end()

    def number(self, word: str, at: int) -> int | float:
        if len(word) > MAX_DIGITS:
            self.fail(at, f"a number or word longer than {MAX_DIGITS} characters")
        match = _NUMBER.fullmatch(word)
        if match is None:
            self.fail(at, f"{quoted(word)} is not a value")
        if match[1] is None and match[2] is None:
            return int(word)
        number = float(word)
        if not isfinite(number):
            self.fail(at, f"the number {quoted(word)} is out of range")
        return number


def quoted(text: str) -> str:
    """Quote `text` for a message, on one line and shortened."""
    shown = text if len(text) <= 40 else text[:39] + "…"
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown) + '"'
