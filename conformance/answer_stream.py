"""A v2 answer as a client has to read it: frames, what is odd about them, and what is none."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from conformance.codings import uncoded
from conformance.history import AnswerBody, Event

_WHITE = " \t\r\n"
_KNOWN = frozenset({"ack", "error"})


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What one DATA frame of an answer came to. Times are monotonic nanoseconds."""

    at: int
    traits: frozenset[str] = frozenset()
    """What is odd, and proper: ``bare``, ``extra``, ``joined`` or ``cut``."""
    error: str = ""
    """The words of an error frame."""
    junk: str = ""
    """What is no ack frame, and cannot become one."""
    unfinished: int = 0
    """Characters of a frame that had come by then, and was not over."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer, as far as it came."""

    pieces: tuple[Piece, ...]
    rest: str
    """What is left at its end: a frame that is cut off."""

    @property
    def error(self) -> Piece | None:
        """The first error frame."""
        return next((piece for piece in self.pieces if piece.error), None)

    @property
    def junk(self) -> Piece | None:
        """The first piece that holds something that is none."""
        return next((piece for piece in self.pieces if piece.junk), None)


def read(answers: list[Event], coding: str) -> Answer:
    """Read an answer; nothing is looked at after an error frame or something that is none."""
    data = [e.what.data for e in answers if isinstance(e.what, AnswerBody)]
    pieces: list[Piece] = []
    rest = ""
    for event, plain in zip(answers, uncoded(coding, data), strict=True):
        cut = bool(rest)
        found, rest = _frames(rest + plain.decode("utf-8", "replace"))
        traits: set[str] = {"cut"} if cut and found else set()
        error = junk = ""
        for value, joined in found:
            more, error, junk = _judge(value)
            traits |= more | ({"joined"} if joined else set())
            if error or junk:
                break
        if rest and not rest.startswith("{"):
            junk = junk or rest
        pieces.append(
            Piece(
                at=event.at,
                traits=frozenset(traits),
                error=error,
                junk=junk,
                unfinished=len(rest),
            )
        )
        if error or junk:
            return Answer(pieces=tuple(pieces), rest="")
    return Answer(pieces=tuple(pieces), rest=rest)


def _frames(text: str) -> tuple[list[tuple[object, bool]], str]:
    """Split off whole values, each with whether it stands right behind another; and the rest."""
    decoder = json.JSONDecoder()
    found: list[tuple[object, bool]] = []
    rest, joined = text.lstrip(_WHITE), False
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            break
        found.append((value, joined))
        joined = rest[end : end + 1] not in ("", *_WHITE)
        rest = rest[end:].lstrip(_WHITE)
    return found, rest


def _judge(value: object) -> tuple[set[str], str, str]:
    """Return what is odd about a value, its error, and what makes it no ack frame."""
    if not isinstance(value, dict):
        return set(), "", repr(value)
    ack, error = value.get("ack", 0), value.get("error", "")
    if not isinstance(ack, int) or isinstance(ack, bool) or not isinstance(error, str):
        return set(), "", repr(value)
    traits = set() if value else {"bare"}
    return traits | ({"extra"} if set(value) - _KNOWN else set()), error, ""


def words(text: str) -> Iterator[str]:
    """Yield the words of a message, without what stands between them."""
    word = ""
    for character in text + " ":
        if character.isalnum():
            word += character
        elif word:
            yield word
            word = ""
