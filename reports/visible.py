"""Text from outside, made fit to be shown: what came off the wire must not act on a reader.

Findings quote bytes that came off the wire: terminal escapes, NUL, text that runs backwards, halves
of surrogate pairs. Shown raw they would move a cursor, break an XML parser or make a line read as
something else. Here they become visible escapes. Escaping for HTML and XML comes after this, and is
the business of the template engine and of the XML writer.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tab and newline
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # invisible, and what turns text round
    "\ud800-\udfff\ufffe\uffff]"  # not characters: XML and UTF-8 refuse them
)
_NAMED = {"\r": "\\r", "\n": "\\n", "\t": "\\t"}
_BREAKS = re.compile("[\n\t]")
_SURROGATES = re.compile("[\ud800-\udfff]+")


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def visible(text: str) -> str:
    """Return `text` with everything invisible written as an escape; tabs and newlines stay."""
    return _UNSAFE.sub(_escape, text)


def one_line(text: str, limit: int = 0) -> str:
    """Return `text` visible and on one line, cut to about `limit` characters (0: whole)."""
    if limit and len(text) > limit:
        text, cut = text[:limit], len(text) - limit
        return f"{one_line(text)} … {cut} more"
    return _BREAKS.sub(_escape, visible(text))


def shown(data: bytes, limit: int = 0) -> str:
    """Return bytes as text on one line, what is not UTF-8 as escapes; cut to `limit` bytes."""
    cut = len(data) - limit if limit and len(data) > limit else 0
    # A cut may fall into a character: those bytes show as escapes too, and nothing is lost.
    text = one_line(data[: len(data) - cut].decode("utf-8", "backslashreplace"))
    return f"{text} … {cut} more" if cut else text


def encodable(text: str) -> str:
    """Return `text` with halves of surrogate pairs replaced by U+FFFD, as UTF-8 has none."""
    return _SURROGATES.sub("\ufffd", text)
