"""What a recording showed: its terminal played back into lines of text.

The terminal is pyte's. A recording may hold anything, so what pyte stumbles over is passed over,
its size is bounded, and no control character reaches the reader's own terminal.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyte
from pyte.screens import Char, Margins, StaticDefaultDict

from conformance.asciicast import Event
from conformance.asciicast.events import resized
from conformance.asciicast.recording import Item

_LARGEST = 1000
"""Columns and rows beyond which a terminal is not opened: no screen has so many."""
_LONGEST = 2**20
"""Characters after which a line of output without an end is cut."""
_MARKS = 8
"""Combining marks that one character keeps."""
_SAVED = 16
"""Cursor positions that stay saved."""
_ALTERNATE = frozenset((47, 1047, 1049))
_NONSENSE = (TypeError, ValueError, LookupError, AssertionError, AttributeError)
"""What pyte raises for control sequences that make no sense: too many numbers, too large ones."""
_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_].*?(?:\x1b\\|$)"
    r"|\x1b[ -/]*[0-~]"
)


class OutputLine(NamedTuple):
    """One line of output, without its control sequences."""

    line: int
    """Line of the recording where it begins, from 1."""
    time: float
    """Seconds since the start of the recording."""
    text: str


def output_lines(items: Iterable[Item]) -> Iterator[OutputLine]:
    """Yield the output line by line as it was written, whatever became of it on the screen."""
    pending, line, time = "", 0, 0.0
    for number, item in items:
        if not isinstance(item, Event) or item.code != "o":
            continue
        if not pending:
            line, time = number, item.time
        *whole, pending = (pending + item.data).split("\n")
        for text in whole:
            yield OutputLine(line, time, _plain(text))
            line, time = number, item.time
        if len(pending) > _LONGEST:
            yield OutputLine(line, time, _plain(pending))
            pending = ""
    if pending:
        yield OutputLine(line, time, _plain(pending))


def shown_lines(items: Iterable[Item]) -> Iterator[str]:
    """Yield what the terminal showed, from the first line that scrolled away to the last screen.

    Screens that were cleared, and those of full-screen programs when they left, count as shown.
    A session without a terminal showed its output as it is.
    """
    source = iter(items)
    _, header = next(source, (0, None))
    size = _size(header if isinstance(header, dict) else {})
    if 0 in size:
        yield from (line.text for line in output_lines(source))
        return
    screen = _Screen(*size)
    stream = _Stream(screen)
    for _, item in source:
        if not isinstance(item, Event):
            continue
        if item.code == "o":
            stream.feed(item.data)
            del screen.savepoints[:-_SAVED]
        elif item.code == "r" and (named := resized(item.data)) and 0 not in named:
            screen.resize(lines=min(named[1], _LARGEST), columns=min(named[0], _LARGEST))
        yield from screen.take()
    yield from screen.shown()


def _size(header: dict[str, Any]) -> tuple[int, int]:
    """Return the columns and rows of the terminal, at most `_LARGEST`, 0 without one."""
    term = header.get("term") if header.get("version") == 3 else header
    names = ("cols", "rows") if header.get("version") == 3 else ("width", "height")
    if not isinstance(term, dict):
        return 0, 0
    numbers = [term.get(name) for name in names]
    cols, rows = (max(0, min(n, _LARGEST)) if isinstance(n, int) else 0 for n in numbers)
    return cols, rows


def _plain(text: str) -> str:
    """Return `text` without control sequences and control characters."""
    return _printable(_ESCAPE.sub("", text).rstrip("\r"))


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char for char in text if char.isprintable() or char == "\t")


class _Stream(pyte.Stream):
    """Passes over what makes no sense, as a terminal does."""

    def _send_to_parser(self, data: str) -> bool | None:
        try:
            return super()._send_to_parser(data)
        except _NONSENSE:
            return self._taking_plain_text


class _Screen(pyte.Screen):
    """A terminal that keeps the lines that leave it."""

    def __init__(self, columns: int, lines: int) -> None:
        self._gone: list[str] = []
        self._main: tuple[Any, Any] | None = None
        self._marks = 0
        super().__init__(columns, lines)

    def take(self) -> list[str]:
        """Return the lines that left the screen since the last call."""
        gone, self._gone = self._gone, []
        return gone

    def shown(self) -> list[str]:
        """Return what the screen shows, without the empty lines below it."""
        last = max((y for y, row in self.buffer.items() if row and y < self.lines), default=-1)
        rows = [self._row(y) for y in range(last + 1)]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def _row(self, y: int) -> str:
        row = self.buffer.get(y)
        if not row:
            return ""
        cells = (row[x].data if x in row else " " for x in range(min(max(row) + 1, self.columns)))
        return _printable("".join(cells)).rstrip()

    def draw(self, data: str) -> None:
        """Draw text; marks piled upon one character are bounded, or they take quadratic time."""
        super().draw(data if data.isascii() else self._bounded(data))

    def _bounded(self, data: str) -> str:
        kept = []
        for char in data:
            self._marks = self._marks + 1 if unicodedata.combining(char) else 0
            if self._marks <= _MARKS:
                kept.append(char)
        return "".join(kept)

    def index(self) -> None:
        """Scroll; the line at the top leaves the screen."""
        margins = self.margins or Margins(0, self.lines - 1)
        if self.cursor.y == margins.bottom and margins.top == 0 and self._main is None:
            self._gone.append(self._row(0))
        super().index()

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        """Clear the screen; what it showed leaves it."""
        if how == 2 and self._main is None:
            self._gone += self.shown()
        super().erase_in_display(how, *args, **kwargs)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Resize; lines are lost at the top."""
        lost = self.lines - (lines or self.lines)
        if self._main is None:
            self._gone += [self._row(y) for y in range(lost)]
        super().resize(lines, columns)

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        """Set modes; a full-screen program opens the alternate screen."""
        super().set_mode(*modes, **kwargs)
        if kwargs.get("private") and _ALTERNATE.intersection(modes) and self._main is None:
            self._main = (self.buffer, copy.copy(self.cursor))
            self.buffer = defaultdict(lambda: StaticDefaultDict[int, Char](self.default_char))

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        """Reset modes; the full-screen program leaves, and what it last showed with it."""
        super().reset_mode(*modes, **kwargs)
        if kwargs.get("private") and _ALTERNATE.intersection(modes) and self._main is not None:
            self._gone += self.shown()
            (self.buffer, self.cursor), self._main = self._main, None
            self.ensure_hbounds()
            self.ensure_vbounds()
