"""Writing a recording: asciicast v2 lines, and output cut at whole characters.

Sources: protocol section 6 (header and events), D4 (columns before rows), D7 (a character split
over two reads arrives whole; what is no UTF-8 becomes U+FFFD).
"""

from __future__ import annotations

import codecs

import msgspec

from conformance.wire import CastHeader

_json = msgspec.json.Encoder()


class CastWriter:
    """Encodes the lines of one recording that starts at the monotonic time `started_at` (ns)."""

    def __init__(self, header: CastHeader, started_at: int) -> None:
        self.header = header
        self._started_at = started_at
        self._last = 0

    def header_line(self) -> bytes:
        """Return the header line, its newline included."""
        return _json.encode(self.header) + b"\n"

    def output_line(self, text: str, at: int) -> bytes:
        """Return the line for output that came at the monotonic time `at` (ns)."""
        return self._line("o", text, at)

    def resize_line(self, width: int, height: int, at: int) -> bytes:
        """Return the line for a window of `width` columns and `height` rows (D4)."""
        return self._line("r", f"{width}x{height}", at)

    def _line(self, code: str, data: str, at: int) -> bytes:
        # Two streams of one command may be read out of order; times never go backwards.
        self._last = max(self._last, at - self._started_at)
        seconds, rest = divmod(self._last // 1000, 1_000_000)
        return b'[%d.%06d, "%s", %s]\n' % (seconds, rest, code.encode(), _json.encode(data))


class WholeCharacters:
    """Cuts raw output so that no multi-byte character is split (D7).

    What may still become a character (three bytes at most) is held back from the recording and
    from the user alike; a byte that never can becomes U+FFFD in the text, and stays in the raw.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    @property
    def held(self) -> bytes:
        """What is held back until more comes."""
        return self._decoder.getstate()[0]

    def feed(self, data: bytes) -> tuple[str, bytes]:
        """Return the text for the recording and the same output's raw bytes for the user."""
        raw = self.held + data
        text = self._decoder.decode(data)
        return text, raw[: len(raw) - len(self.held)]

    def flush(self) -> tuple[str, bytes]:
        """Return what is held at the end of the output: nothing more can complete it."""
        raw = self.held
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return text, raw
