"""The validator: bytes in, findings out, in constant memory however long the recording is."""

from __future__ import annotations

from enum import Enum

from conformance.asciicast.events import Events, read
from conformance.asciicast.findings import QUOTED, CastFinding, Tally, found
from conformance.asciicast.header import Header, judge, unfinished
from conformance.asciicast.strict import NotJSONError
from conformance.judgement import Status

LINE_LIMIT = 16 * 2**20
"""Longest line that is read, in bytes without its line feed (file-9)."""
MOST = 100
"""Findings of one clause that are told one by one; the rest is counted."""

_WINDOW = 128 * 1024
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"


class _Part(Enum):
    """Which part of the recording comes next."""

    HEADER = 1
    EVENTS = 2
    NOTHING = 3
    UNKNOWN = 4


class Validator:
    """Judges one recording, fed piece by piece.

    By default it judges asciicast v2 with the header of session recordings (protocol facts,
    section 6); `plain` judges bare asciicast v2. Versions 1 and 3 are recognised and judged by
    their own rules. Memory is bounded by the longest line, at most `line_limit` bytes; at most
    `most` findings of each clause are told one by one. How the bytes are cut into pieces makes no
    difference to the findings. Nothing in a recording makes it raise.
    """

    def __init__(
        self, *, plain: bool = False, line_limit: int = LINE_LIMIT, most: int = MOST
    ) -> None:
        self._plain = plain
        self._limit = line_limit
        self._window = min(_WINDOW, line_limit + 1)
        self._tally = Tally(most)
        self._header = Header(most)
        self._events = Events(self._header, self._tally, plain=plain)
        self._part = _Part.HEADER
        self._rest = bytearray()
        self._skipped = 0
        self._began = False
        self.lines = 0
        """Lines read so far."""

    @property
    def version(self) -> int | None:
        """The version of asciicast that the header states, None when it states none (yet)."""
        return self._header.version

    @property
    def status(self) -> Status:
        """The verdict so far: ``fail`` when a MUST is broken, ``warn`` when a SHOULD is."""
        return self._tally.status

    def feed(self, data: bytes) -> list[CastFinding]:
        """Judge one more piece of the recording and return what it brought to light."""
        begin, size = 0, len(data)
        while begin < size:
            if self._rest or self._skipped:
                end = data.find(b"\n", begin)
                if end < 0:
                    self._hold(data[begin:])
                    break
                self._hold(data[begin:end])
                self._held()
            else:
                end = data.rfind(b"\n", begin, begin + self._window)
                if end >= 0:
                    self._block(data[begin : end + 1])
                else:
                    end = data.find(b"\n", begin, begin + self._limit + 1)
                    if end < 0:
                        # Held also when its end is here but too far: then the next round skips it.
                        end = min(size, begin + self._limit + 1) - 1
                        self._hold(data[begin : end + 1])
                    else:
                        self._line(data[begin:end], ended=True)
            begin = end + 1
        return self._tally.take()

    def finish(self) -> list[CastFinding]:
        """Judge the end of the recording and return what is left to say. Nothing comes after."""
        if self._skipped:
            self._held()
        elif self._rest:
            rest = bytes(self._rest)
            self._rest.clear()
            self._line(rest, ended=False)
        if self._part is _Part.HEADER:
            self._finish_header()
        return [*self._tally.take(), *self._tally.rest()]

    # --- lines -------------------------------------------------------------------------------

    def _hold(self, piece: bytes) -> None:
        """Keep the beginning of a line until its end comes; of one that is too long, its length."""
        if self._skipped:
            self._skipped += len(piece)
        elif len(self._rest) + len(piece) > self._limit:
            self._skipped = len(self._rest) + len(piece)
            self._rest = bytearray()
        else:
            self._rest += piece

    def _held(self) -> None:
        """Judge the line that was held."""
        if self._skipped:
            skipped, self._skipped = self._skipped, 0
            self._too_long(skipped)
            return
        line = bytes(self._rest)
        self._rest = bytearray()
        self._line(line, ended=True)

    def _block(self, data: bytes) -> None:
        """Judge whole lines: events at once, unless one of them needs a closer look."""
        begin, at_once = 0, True
        while begin < len(data):
            if self._part is _Part.EVENTS and at_once:
                at_once = False
                lines = self._events.block(data[begin:])
                if lines:
                    self.lines += lines
                    return
            end = data.index(b"\n", begin)
            self._line(data[begin:end], ended=True)
            begin = end + 1

    def _line(self, line: bytes, *, ended: bool) -> None:
        """Judge one line, without its line feed."""
        self.lines += 1
        if not self._began:
            self._began = True
            if line.startswith(_BOM):
                self._tally.add(found("file-4", 1, 1, "a byte order mark"))
                line = line[len(_BOM) :]
        if self._part is _Part.EVENTS:
            self._events.line(line, self.lines)
        elif self._part is _Part.HEADER:
            self._header_line(line)
        elif self._part is _Part.NOTHING and line.strip(_SPACE):
            text = read(line, self.lines, self._tally)
            self._tally.add(found("file-11", self.lines, 1, "something after the object", text))
            self._part = _Part.UNKNOWN
        if not ended and not self._plain and self.version not in (1, 3):
            column = len(line.decode(errors="replace")) + 1
            self._tally.add(found("file-3", self.lines, column, "the last line has no line feed"))

    def _too_long(self, size: int) -> None:
        """Report a line that was not read."""
        self.lines += 1
        self._began = True
        message = f"a line of {size} bytes, more than {self._limit}; it was not judged"
        self._tally.add(found("file-9", self.lines, self._limit + 1, message))
        if self._part is _Part.HEADER:
            self._give_up_on_header()

    # --- the header --------------------------------------------------------------------------

    def _header_line(self, line: bytes) -> None:
        """Read one line of the header: the only one, unless it is asciicast v1."""
        text = read(line, self.lines, self._tally)
        header = self._header
        if not header.started and text.startswith("#"):
            message = "a comment comes before the header"
            self._tally.add(found("header-1", self.lines, 1, message, text))
            return
        try:
            header.feed(text, self.lines)
        except NotJSONError as error:
            shown = text[error.index : error.index + QUOTED + 1]
            self._tally.add(found("file-2", self.lines, error.index + 1, str(error), shown))
            self._tally.add_all(header.flaws)
            self._give_up_on_header()
            return
        if header.done:
            self._complete(line)
        elif header.started and header.version not in (None, 1):
            self._tally.add(unfinished(header))
            self._tally.add_all(header.flaws)
            self._give_up_on_header()

    def _complete(self, line: bytes) -> None:
        """Judge the header, now that it is complete, and decide what comes next."""
        header, root = self._header, self._header.root
        assert root is not None
        self._tally.add_all(header.flaws)
        if header.is_object:
            judge(header, plain=self._plain, tally=self._tally)
        else:
            message = "the first line is not a header, which is a JSON object"
            self._tally.add(found("header-1", root.line, root.column, message, root.kind))
        if header.version == 1:
            self._part = _Part.NOTHING
            return
        if header.is_object and header.version not in (2, 3, None):
            self._part = _Part.UNKNOWN
            return
        if header.is_object and self.lines > 1:
            message = "the header is not on the first line, by itself"
            self._tally.add(found("header-1", root.line, root.column, message))
        if line.endswith(b"\r"):
            message = "a carriage return before the line feed"
            self._tally.add(found("file-7", self.lines, len(line), message))
        self._begin_events()
        if root.kind == "array":
            self._events.line(line.rstrip(b"\r"), self.lines)

    def _begin_events(self) -> None:
        self._events = Events(self._header, self._tally, plain=self._plain)
        self._part = _Part.EVENTS

    def _give_up_on_header(self) -> None:
        """Go on with the events after a header that cannot be read, unless it is asciicast v1."""
        alone = self.lines == 1 or self._header.version is not None
        if self._header.version == 1 or not alone:
            self._part = _Part.UNKNOWN
        else:
            self._begin_events()

    def _finish_header(self) -> None:
        """Say what is wrong with a recording that ended before its header did."""
        header, line = self._header, max(self.lines, 1)
        if not header.started:
            self._tally.add(found("file-8", line, 1, "there is no header"))
            return
        self._tally.add_all(header.flaws)
        self._tally.add(found("file-2", line, 1, "the recording ends before its header does"))


def check(data: bytes, *, plain: bool = False, line_limit: int = LINE_LIMIT) -> list[CastFinding]:
    """Judge a whole recording at once."""
    validator = Validator(plain=plain, line_limit=line_limit)
    return [*validator.feed(data), *validator.finish()]
