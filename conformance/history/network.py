"""What passes between a client and the recorders' tailnet addresses."""

from __future__ import annotations

from typing import TypeAlias

from conformance.kind import BaseKind as _Kind


class Dialled(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="dialled"):
    """A connection to a recorder's tailnet address was accepted."""

    recorder: str
    connection: str
    peer: str


class DialHung(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="dial-hung"):
    """A dial to a recorder's tailnet address was not accepted for `lasted` nanoseconds, or longer.

    `given_up` is false when it still hung as the watch on it ended: how long it hangs is not known.
    """

    recorder: str
    peer: str
    lasted: int
    given_up: bool = True


class Requested(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="requested"):
    """A request head passed towards a recorder."""

    recorder: str
    connection: str
    stream: int
    method: str
    path: str
    http: str
    """``1.1`` or ``2``."""
    expect_continue: bool = False
    chunked: bool | None = None
    """Whether the body of an HTTP/1.1 request comes in chunks; None when nobody noted it."""
    offers: str = ""
    """The content codings that it offers to read."""
    content_type: str = ""


class Answered(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="answered"):
    """A response head passed back, an interim 100 included."""

    recorder: str
    connection: str
    stream: int
    status: int
    coding: str = ""
    """The content coding of its body."""
    location: str = ""
    """Where it redirects to."""


class AnswerBody(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="answer-body"):
    """Bytes of an answer's body passed back: acks and error frames."""

    recorder: str
    connection: str
    stream: int
    data: bytes


class BodyStarted(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="body-started"):
    """The first byte of a request body passed towards a recorder."""

    recorder: str
    connection: str
    stream: int


class BodyEnded(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="body-ended"):
    """The request body was ended cleanly by the client."""

    recorder: str
    connection: str
    stream: int


class AnswerEnded(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="answer-ended"):
    """The answer was ended cleanly by the recorder."""

    recorder: str
    connection: str
    stream: int


class Settled(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="settled"):
    """The client's first SETTINGS passed towards a recorder: HTTP/2 only.

    From here on what the client sends on the connection is held against the recorder's windows
    and frame size, and `Overran` says where it breaks them.
    """

    recorder: str
    connection: str
    push: bool = True
    """Whether the recorder may push; so it is when SETTINGS do not say."""


class Overran(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="overran"):
    """The client sent more than a window or the frame size of the recorder lets through."""

    recorder: str
    connection: str
    stream: int
    what: str


class WentAway(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="went-away"):
    """A recorder's GOAWAY passed back: it covers the streams up to `last`."""

    recorder: str
    connection: str
    last: int
    code: int = 0


class StreamBroken(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="stream-broken"):
    """A recorder's RST_STREAM passed back, with its error code."""

    recorder: str
    connection: str
    stream: int
    code: int


class Disconnected(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="disconnected"):
    """A connection is gone. `by` is ``client`` or ``recorder``, `how` is ``fin`` or ``reset``."""

    recorder: str
    connection: str
    by: str
    how: str


class Unreadable(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="unreadable"):
    """What passes on a connection is not the HTTP that was expected, from `side`."""

    recorder: str
    connection: str
    side: str
    why: str


NetworkKind: TypeAlias = (
    Dialled | DialHung | Requested | Answered | AnswerBody | BodyStarted | BodyEnded | AnswerEnded
    | Settled | Overran | WentAway | StreamBroken | Disconnected | Unreadable
)  # fmt: skip
