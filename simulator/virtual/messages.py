"""What passes on a connection to a recorder: requests, answers, pieces of bodies, and ends.

They stand above HTTP: the same messages for either version, whatever their framing.
"""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, frozen=True, gc=False):
    """Base of all that passes on a connection."""


class Head(Message, frozen=True, gc=False):
    """A request's head. `http` is ``2`` or ``1.1``."""

    stream: int
    method: str
    path: str
    http: str


class Body(Message, frozen=True, gc=False):
    """A piece of a body, of either direction."""

    stream: int
    data: bytes


class BodyEnd(Message, frozen=True, gc=False):
    """The clean end of a request or an answer."""

    stream: int


class Answer(Message, frozen=True, gc=False):
    """An answer's head. `plain` says that it speaks HTTP/1.1 where HTTP/2 was spoken to it."""

    stream: int
    status: int
    plain: bool = False


class StreamReset(Message, frozen=True, gc=False):
    """RST_STREAM."""

    stream: int
    code: int


class GoAway(Message, frozen=True, gc=False):
    """GOAWAY, covering streams up to `last`."""

    last: int
    code: int


class Junk(Message, frozen=True, gc=False):
    """Bytes that are no HTTP of the version that is spoken."""

    why: str


class Fin(Message, frozen=True, gc=False):
    """The sender ends its direction."""


class Rst(Message, frozen=True, gc=False):
    """The sender resets the connection."""
