"""Strict JSON (RFC 8259), read token by token: where a text breaks the rules, and what is where.

The decoder of the fast path says only that a line is wrong. This scanner says where, and tells a
`Reader` what it meets on the way. It keeps no tree and does not recurse, so that neither a line of
millions of elements nor one of millions of brackets costs more than a byte for each level. A text
may come in several pieces, as long as no token spans two (the lines of an asciicast v1 file).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Protocol, TypeAlias

import msgspec

Path: TypeAlias = tuple[str | int, ...]

LEVELS = 6
"""Containers around a value up to which a reader is told of it."""
DEPTH = 128
"""Nesting beyond which a text is still read, but not by everyone (RFC 8259 §9)."""
_CLIPPED = 4096
"""Characters of a string that are kept; numbers are told whole, their end decides their size."""
_NAMES = 4096
"""Names of one object among which duplicates are looked for."""

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_HEX = re.compile(r"u([0-9a-fA-F]{4})")
_WORD = re.compile(r"[A-Za-z_]+")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_LITERALS = {"true": "boolean", "false": "boolean", "null": "null"}


class NotJSONError(ValueError):
    """The text stops being JSON at `index` (characters of this piece, from 0)."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


class Reader(Protocol):
    """What the scanner tells of the values it meets, at most `LEVELS` containers deep."""

    def value(self, path: Path, kind: str, text: str, index: int) -> None:
        """Take a value: its path from the root, its kind, its text, and where it begins.

        Kinds are ``object``, ``array``, ``string``, ``number``, ``boolean`` and ``null``. Strings
        come decoded and clipped; a container is told when it opens, with no text.
        """

    def closed(self, path: Path, count: int, index: int) -> None:
        """Take the end of a container and the number of its elements or members."""

    def flaw(self, clause: str, index: int, message: str, text: str) -> None:
        """Take something that is JSON, but breaks `clause`."""


class _Expect(Enum):
    """What may come next."""

    VALUE = "a value"
    VALUE_OR_END = "a value or ]"
    NAME = "a name in double quotes"
    NAME_OR_END = "a name in double quotes or }"
    COLON = ":"
    COMMA = "a comma or the end of the array or object"
    NOTHING = "nothing"


class Scanner:
    """Reads one JSON text, piece by piece, and tells `reader` what is in it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._open = bytearray()
        self._expect = _Expect.VALUE
        self._path: list[str | int] = []
        self._counts: list[int] = []
        self._names: list[set[str]] = []

    @property
    def started(self) -> bool:
        """True once anything but white space was read."""
        return self._expect is not _Expect.VALUE or bool(self._open)

    @property
    def done(self) -> bool:
        """True once the text is complete."""
        return self._expect is _Expect.NOTHING

    def feed(self, text: str) -> None:
        """Read one more piece. Raises `NotJSONError` where it breaks, and is of no use after it."""
        index = 0
        while True:
            space = _SPACE.match(text, index)
            assert space is not None
            index = space.end()
            if index == len(text):
                return
            index = self._token(text, index)

    def _token(self, text: str, index: int) -> int:
        """Read the token at `index` and return where it ends."""
        char, expect = text[index], self._expect
        if expect is _Expect.VALUE or (expect is _Expect.VALUE_OR_END and char != "]"):
            return self._value(text, index)
        if char == '"' and expect in (_Expect.NAME, _Expect.NAME_OR_END):
            return self._name(text, index)
        if char == ":" and expect is _Expect.COLON:
            self._expect = _Expect.VALUE
            return index + 1
        if char == "," and expect is _Expect.COMMA:
            in_object = self._open[-1] == ord("{")
            self._expect = _Expect.NAME if in_object else _Expect.VALUE
            return index + 1
        if char in "]}" and self._may_close(char):
            return self._close(index)
        if expect is _Expect.NOTHING:
            raise NotJSONError(index, "the JSON is complete, but something follows it")
        if char in "]}" and expect is _Expect.NAME:
            raise NotJSONError(index, "a comma with nothing after it")
        raise NotJSONError(index, f"expected {expect.value}")

    def _may_close(self, char: str) -> bool:
        if self._expect is _Expect.COMMA:
            return self._open[-1] == (ord("[") if char == "]" else ord("{"))
        wanted = _Expect.VALUE_OR_END if char == "]" else _Expect.NAME_OR_END
        return self._expect is wanted

    def _value(self, text: str, index: int) -> int:
        """Read the value, or its opening bracket, at `index`."""
        char = text[index]
        if char == '"':
            end = self._string(text, index)
            self._tell("string", _unquoted(text, index, end), index)
        elif char in "[{":
            self._enter(char, index)
            return index + 1
        elif char in "-0123456789":
            end = _number(text, index)
            self._tell("number", text[index:end], index)
        else:
            word = _WORD.match(text, index)
            kind = _LITERALS.get(word.group()) if word else None
            if word is None or kind is None:
                raise NotJSONError(index, _no_value(char, self._expect))
            end = word.end()
            self._tell(kind, word.group(), index)
        self._after_value()
        return end

    def _tell(self, kind: str, text: str, index: int) -> None:
        """Count a value in its container and tell the reader of it."""
        depth = len(self._open)
        if 0 < depth <= LEVELS:
            if self._open[-1] == ord("["):
                self._path[-1] = self._counts[-1]
            self._counts[-1] += 1
        if depth <= LEVELS:
            self._reader.value(tuple(self._path), kind, text, index)

    def _after_value(self) -> None:
        self._expect = _Expect.COMMA if self._open else _Expect.NOTHING

    def _enter(self, char: str, index: int) -> None:
        self._tell("array" if char == "[" else "object", "", index)
        self._open.append(ord(char))
        if len(self._open) == DEPTH + 1:
            self._reader.flaw("file-10", index, f"nested deeper than {DEPTH}", "")
        if len(self._open) <= LEVELS:
            self._path.append("")
            self._counts.append(0)
            self._names.append(set())
        self._expect = _Expect.VALUE_OR_END if char == "[" else _Expect.NAME_OR_END

    def _close(self, index: int) -> int:
        if len(self._open) <= LEVELS:
            self._path.pop()
            self._names.pop()
            self._reader.closed(tuple(self._path), self._counts.pop(), index)
        self._open.pop()
        self._after_value()
        return index + 1

    def _name(self, text: str, index: int) -> int:
        end = self._string(text, index)
        if len(self._open) <= LEVELS:
            name = _unquoted(text, index, end)
            self._path[-1] = name
            names = self._names[-1]
            if name in names:
                self._reader.flaw("file-6", index, "the object has this name already", name)
            elif len(names) < _NAMES and end - index < _CLIPPED:
                names.add(name)
        self._expect = _Expect.COLON
        return end

    def _string(self, text: str, index: int) -> int:
        """Return where the string that begins at `index` ends; tell of halved surrogate pairs."""
        begin, index = index, index + 1
        while True:
            special = _SPECIAL.search(text, index)
            if special is None:
                raise NotJSONError(begin, "the string has no end on its line")
            index, char = special.start(), special.group()
            if char == '"':
                return index + 1
            if char != "\\":
                raise NotJSONError(index, f"U+{ord(char):04X} must be escaped in a string")
            index = self._escape(text, index)

    def _escape(self, text: str, index: int) -> int:
        if text[index + 1 : index + 2] in ('"', "\\", "/", "b", "f", "n", "r", "t"):
            return index + 2
        unit = _HEX.match(text, index + 1)
        if unit is None:
            raise NotJSONError(index, "no such escape")
        code = int(unit.group(1), 16)
        if not 0xD800 <= code <= 0xDFFF:
            return index + 6
        low = _HEX.match(text, index + 7) if text[index + 6 : index + 7] == "\\" else None
        if code <= 0xDBFF and low is not None and 0xDC00 <= int(low.group(1), 16) <= 0xDFFF:
            return index + 12
        half = text[index : index + 6]
        self._reader.flaw("file-5", index, "half of a surrogate pair", half)
        return index + 6


def _number(text: str, index: int) -> int:
    """Return where the number that begins at `index` ends."""
    match = _NUMBER.match(text, index)
    if match is None:
        raise NotJSONError(index, "a minus sign without a number")
    end = match.end()
    if end < len(text) and text[end] in "0123456789.eE+-":
        what = "a number with leading zeros" if text[end].isdigit() else "not a number of JSON"
        raise NotJSONError(index, what)
    return end


def _no_value(char: str, expect: _Expect) -> str:
    """Explain why no value begins with `char`."""
    if char in "NI":
        return "NaN and Infinity are no JSON"
    if char == "'":
        return "strings are in double quotes"
    if char in "]}":
        return "a comma or colon with nothing after it"
    return f"expected {expect.value}"


def _unquoted(text: str, begin: int, end: int) -> str:
    """Return the string between the quotes at `begin` and `end`, decoded when it is short."""
    if end - begin > _CLIPPED:
        return text[begin + 1 : begin + _CLIPPED]
    raw = text[begin + 1 : end - 1]
    if "\\" not in raw:
        return raw
    try:
        return msgspec.json.decode(f'"{raw}"', type=str)
    except msgspec.DecodeError:
        return raw  # it holds half of a surrogate pair, of which the reader was told


def integer(text: str) -> int | None:
    """Return the number `text` as an integer, None when it is none or beyond 64 bits."""
    if _INTEGER.fullmatch(text) is None:
        return None
    return int(text)
