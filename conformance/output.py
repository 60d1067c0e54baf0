"""Output, as the user saw it and as it was recorded, brought to where the two can be compared.

Recordings hold text, terminals bytes: bytes that are not UTF-8 become U+FFFD, and as decoders
disagree about how many, a run of U+FFFD counts as one (D7).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable

import msgspec

REPLACEMENT = "\ufffd"

_line = msgspec.json.Decoder(tuple[float, str, str])


class Collapser:
    """Counts runs of U+FFFD as one, also across pieces."""

    def __init__(self) -> None:
        self._after_replacement = False

    def feed(self, text: str) -> str:
        """Return `text` without the repetitions."""
        if REPLACEMENT not in text:
            if text:
                self._after_replacement = False
            return text
        kept = []
        for character in text:
            repeats = character == REPLACEMENT and self._after_replacement
            self._after_replacement = character == REPLACEMENT
            if not repeats:
                kept.append(character)
        return "".join(kept)


class Screen:
    """What the user saw, decoded piece by piece, each stream by itself."""

    def __init__(self) -> None:
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}
        self._collapse = Collapser()

    def feed(self, data: bytes, stream: str = "stdout", *, final: bool = False) -> str:
        """Return the text that `data` adds, in comparable form."""
        decoder = self._decoders.get(stream)
        if decoder is None:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            self._decoders[stream] = decoder
        return self._collapse.feed(decoder.decode(data, final))


class Recorded:
    """The output in a recording that comes in pieces, split anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self._header_seen = False
        self._collapse = Collapser()
        self.unreadable = 0
        """Lines that are no event."""

    def feed(self, data: bytes) -> str:
        """Return the output text of the lines that `data` completes, in comparable form."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return self._collapse.feed("".join(self._texts(lines)))

    def _texts(self, lines: Iterable[bytes]) -> Iterable[str]:
        for line in lines:
            if not self._header_seen:
                self._header_seen = True
                continue
            try:
                _, code, text = _line.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                self.unreadable += 1
                continue
            if code == "o":
                yield text


def recorded_output(recording: bytes) -> str:
    """Return all output text of a whole recording, in comparable form."""
    return Recorded().feed(recording + b"\n")  # whether the last line was ended is file-3's


def screen_text(pieces: Iterable[tuple[bytes, str]]) -> str:
    """Return all that was shown, in comparable form; pieces are (data, stream)."""
    screen = Screen()
    text = "".join(screen.feed(data, stream) for data, stream in pieces)
    return text + "".join(screen.feed(b"", stream, final=True) for stream in ("stdout", "stderr"))
