"""The events of asciicast v2 and v3: a fast way for what is right, a slow one that explains.

Fast: a block of lines is decoded at once, and a look at each event tells whether anything needs
explaining. Only then the block is taken line by line, and only a line that is wrong is scanned
for what is wrong and where. The two ways agree on every line; a property test holds them to it.
"""

from __future__ import annotations

import math
import re

import msgspec

from conformance.asciicast.findings import QUOTED, Tally, found
from conformance.asciicast.header import Header
from conformance.asciicast.strict import NotJSONError, Path, Scanner

_DECODER = msgspec.json.Decoder(tuple[float, str, str])
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)
_RESIZE = re.compile(r"(0|[1-9][0-9]{0,4})x(0|[1-9][0-9]{0,4})")
_EXIT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_LARGEST = 65535
_KINDS = {"o", "i", "r", "m"}


def resized(data: str) -> tuple[int, int] | None:
    """Return columns and rows that a resize names, None when it is not COLSxROWS (events-7)."""
    match = _RESIZE.fullmatch(data)
    if match is None:
        return None
    cols, rows = int(match.group(1)), int(match.group(2))
    return (cols, rows) if cols <= _LARGEST and rows <= _LARGEST else None


class Events:
    """Judges the event lines of one recording, in order."""

    def __init__(self, header: Header, tally: Tally, *, plain: bool) -> None:
        self._relative = header.version == 3
        self._plain = plain or self._relative
        self._kubernetes = header.kubernetes and not self._plain
        self._size = header.size
        self._last = 0.0
        self._exited = False
        self._tally = tally

    # --- the fast way ------------------------------------------------------------------------

    def block(self, data: bytes) -> int:
        """Judge whole lines, the last with its end. Returns how many, or 0: take them one by one.

        Decoding lines at once forgives an event that spans two lines and two events on one. As no
        string holds a line feed, every line feed between a closing and an opening bracket ends an
        event; with as many events as line feeds, each line is one event.
        """
        if data[:1] != b"[" or data[-2:] != b"]\n" or self._exited:
            return 0
        try:
            events = _DECODER.decode_lines(data)
        except _UNREADABLE:
            return 0
        lines = len(events)
        if data.count(b"\n") != lines or data.count(b"]\n[") != lines - 1:
            return 0
        last, size, relative = self._last, self._size, self._relative
        for time, code, text in events:
            if time < last:
                return 0
            if not relative:
                last = time
            if code != "o":
                if self._odd(code, text, size):
                    return 0
                if code == "r":
                    size = resized(text) or size
        self._last, self._size = last, size
        return lines

    def _odd(self, code: str, text: str, size: tuple[int, int]) -> bool:
        """Return True when an event other than output needs a closer look."""
        if code == "r":
            named = resized(text)
            return named is None or self._sideways(named, size)
        return not code or (code == "i" and not self._plain) or (code == "x" and self._relative)

    def _sideways(self, named: tuple[int, int], size: tuple[int, int]) -> bool:
        """Return True when a resize looks as if it named its rows first.

        It exactly swaps the size of the terminal; or, in a Kubernetes session (upstream's writer
        of those puts rows first), the terminal would be higher than wide.
        """
        cols, rows = named
        return cols != rows and ((rows, cols) == size or (self._kubernetes and cols < rows))

    def line(self, line: bytes, number: int) -> None:
        """Judge one line, without its line feed."""
        if line[-1:] == b"\r":
            self._tally.add(
                found("file-7", number, len(line), "a carriage return before the line feed")
            )
            line = line[:-1]
        if not line.strip(b" \t\r"):
            self._tally.add(found("events-10", number, 1, "a blank line"))
            return
        if self._relative and line[:1] == b"#":
            self._comment(line, number)
            return
        try:
            time, code, text = _DECODER.decode(line)
        except _UNREADABLE:
            self._explain(line, number)
            return
        if time < self._last or self._exited or (code != "o" and self._odd(code, text, self._size)):
            self._explain(line, number)
            return
        if not self._relative:
            self._last = time
        if code == "r":
            self._size = resized(text) or self._size

    # --- the slow way ------------------------------------------------------------------------

    def _comment(self, line: bytes, number: int) -> None:
        read(line, number, self._tally)

    def _explain(self, line: bytes, number: int) -> None:
        text = read(line, number, self._tally)
        event = _Event(number, self._tally)
        try:
            event.read(text)
        except NotJSONError as error:
            shown = text[error.index : error.index + QUOTED + 1]
            self._tally.add(found("file-2", number, error.index + 1, str(error), shown))
            return
        if event.kind != "array" or event.count != 3:
            what = f"{event.count} elements" if event.kind == "array" else f"a JSON {event.kind}"
            message = f"an event is an array of 3 elements, this is {what}"
            self._tally.add(found("events-1", number, event.column, message, text))
            return
        self._explain_time(event)
        self._explain_code(event)

    def _explain_time(self, event: _Event) -> None:
        kind, text, column = event.elements[0]
        if kind != "number":
            event.breaks("events-2", column, "the time is not a number", text or kind)
            return
        time = float(text)
        if not math.isfinite(time):
            event.breaks("events-2", column, "the time is not finite", text)
        elif time < 0:
            event.breaks("events-3", column, "the time is negative", text)
        elif not self._relative:
            if time < self._last:
                message = f"the time goes back from {self._last} to"
                event.breaks("events-4", column, message, text)
            self._last = time

    def _explain_code(self, event: _Event) -> None:
        (kind, code, column), (data_kind, data, data_column) = event.elements[1:]
        if kind != "string" or not code:
            event.breaks("events-5", column, "the code is not a string of any length", code or kind)
        elif code == "i" and not self._plain:
            event.breaks("events-9", column, "a keystroke was recorded", code)
        if self._exited:
            event.breaks("events-12", column, "an event after the exit", code)
        open_data = self._plain and not self._relative and code not in _KINDS
        if data_kind != "string":
            if not (open_data and kind == "string"):
                event.breaks("events-6", data_column, "the data is not a string", data or data_kind)
        elif code == "r":
            self._explain_resize(event, data, data_column)
        elif code == "x" and self._relative and _EXIT.fullmatch(data) is None:
            event.breaks("events-11", data_column, "not an exit status", data)
        if code == "x" and self._relative:
            self._exited = True

    def _explain_resize(self, event: _Event, data: str, column: int) -> None:
        named = resized(data)
        if named is None:
            event.breaks("events-7", column, "a resize that is not COLSxROWS", data)
            return
        if self._sideways(named, self._size):
            event.breaks("events-8", column, "a resize that seems to name its rows first", data)
        self._size = named


class _Event:
    """Reads one event line that the fast way could not take."""

    def __init__(self, line: int, tally: Tally) -> None:
        self._line = line
        self._tally = tally
        self.kind = ""
        self.column = 1
        self.count = 0
        self.elements: list[tuple[str, str, int]] = []
        """Kind, text and column of the first three elements."""

    def read(self, text: str) -> None:
        """Read the line. Raises `NotJSONError`."""
        scanner = Scanner(self)
        scanner.feed(text)
        if not scanner.done:
            raise NotJSONError(len(text), "the line ends before the event does")

    def breaks(self, clause: str, column: int, message: str, text: str) -> None:
        """Report `clause` broken at `column` of this line."""
        self._tally.add(found(clause, self._line, column, message, text))

    def value(self, path: Path, kind: str, text: str, index: int) -> None:
        """Keep the outermost value and its first three elements."""
        if not path:
            self.kind, self.column = kind, index + 1
        elif len(path) == 1 and len(self.elements) < 3:
            self.elements.append((kind, text, index + 1))

    def closed(self, path: Path, count: int, index: int) -> None:  # noqa: ARG002
        """Keep the number of elements."""
        if not path:
            self.count = count

    def flaw(self, clause: str, index: int, message: str, text: str) -> None:
        """Report what breaks a clause of the whole file."""
        self.breaks(clause, index + 1, message, text)


def read(line: bytes, number: int, tally: Tally) -> str:
    """Return `line` as text; where it is not UTF-8 that is reported and U+FFFD stands for it."""
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        shown = line[error.start : error.start + 20].hex(" ")
        tally.add(found("file-1", number, error.start + 1, f"not UTF-8 ({error.reason})", shown))
        return line.decode(errors="replace")
