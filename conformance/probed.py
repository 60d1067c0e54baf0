"""What a probe notes while it plays a case against a recorder, beside what the relay notes too.

A probe is both client and observer: it sends, and it sees at its own socket what comes back. So all
events of a case, those of storage and of the process under test included, are one observer's, in
one order. Heads, bodies and ends of answers are told by the kinds of the network.
"""

from __future__ import annotations

from typing import TypeAlias

from conformance.kind import BaseKind


class CasePlayed(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="case-played"):
    """Which case was played against which target. First event of a case's history."""

    case: str
    target: str
    has: tuple[str, ...]
    """What the target has, as `conformance.cases.Need` names it."""
    node_id: str = "any"
    """Which node the NodeID of a path names: ``source``, ``server`` or ``any`` (D8)."""
    layout: bool = True
    """False when the profile says that recordings lie elsewhere than the layout of section 7."""
    began: int = 0
    """Unix time in seconds."""


class Connected(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="connected"):
    """The target accepted a connection."""

    connection: str
    address: str


class ConnectFailed(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="connect-failed"):
    """The target did not accept a connection."""

    connection: str
    why: str


class Asked(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="asked"):
    """The head of a request was sent.

    `stream` is the stream of HTTP/2; over HTTP/1.1 requests of one connection count from 0.
    `intent` says what the probe has in mind with an upload: ``whole`` (nothing is wrong with it,
    it will be ended), ``slow`` (the same, but the probe itself holds its answer back, so the times
    of the answer mean nothing), ``cut`` (nothing is wrong with it, it will be broken off),
    ``refused`` (must not be taken), ``free`` (whatever comes of it is for the case alone to judge).
    """

    connection: str
    stream: int
    http: str
    method: str
    path: str
    name: str
    intent: str
    marker: str = ""
    """What stands in the recording's header and in no other."""
    head: str = ""
    """The head as it was sent, for people; shortened."""


class BodySent(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="body-sent"):
    """Body bytes left. `size` counts them; `data` is there for small ones."""

    connection: str
    stream: int
    size: int
    data: bytes = b""


class BodyCut(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="body-cut"):
    """The probe broke an upload off.

    ``fin`` or ``reset`` (TCP), ``half`` (a FIN after which the probe still reads) or ``stream``
    (RST_STREAM).
    """

    connection: str
    stream: int
    how: str


class Headers(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="headers"):
    """The header fields of an answer, names in lower case; follows its `Answered`."""

    connection: str
    stream: int
    fields: tuple[tuple[str, str], ...]


class StreamReset(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="stream-reset"):
    """The target reset a stream, with an error code of RFC 9113 section 7."""

    connection: str
    stream: int
    code: int


class FrameSeen(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="frame-seen"):
    """Any other frame came: SETTINGS, PING, GOAWAY, WINDOW_UPDATE, or one nobody knows.

    `value` is the increment of a WINDOW_UPDATE, the error code of a GOAWAY.
    """

    connection: str
    stream: int
    frame: str
    flags: tuple[str, ...] = ()
    value: int = 0
    data: bytes = b""


class RawSent(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="raw-sent"):
    """Bytes or frames were sent that no good client sends. `what` says which, for people."""

    connection: str
    what: str
    size: int
    data: bytes = b""


class Waited(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="waited"):
    """The probe waited in vain for so many seconds."""

    what: str
    seconds: float
    connection: str = ""
    stream: int = 0


class Kept(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="kept"):
    """A recording lies in storage that holds the marker of an upload.

    `agrees` counts the leading bytes that equal what was sent. `whole` is false for what the
    target does not show as a recording (no ``.cast``): a file that is still being written.
    """

    marker: str
    path: str
    size: int
    agrees: int
    whole: bool = True
    others: tuple[str, ...] = ()
    """Markers of other uploads that it holds too."""
    data: bytes = b""
    """What it begins with: the first 4 KiB."""
    after: str = ""
    """What had happened before the look, when a case looks more than once."""


class Looked(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="looked"):
    """Storage was searched for an upload's marker, and `found` recordings held it."""

    marker: str
    found: int
    after: str = ""
    """What had happened before the look, when a case looks more than once."""


class Strayed(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="strayed"):
    """Something lies outside the base path that holds a marker, or that the case's name led to."""

    path: str
    marker: str = ""
    """Of the upload that it came with; empty when that is not known."""


class Signalled(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="signalled"):
    """The probe did something to the target's process: ``kill``, ``restart``, ``end``."""

    what: str
    ready: bool = True
    """False when it did not serve afterwards."""


class Measured(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="measured"):
    """A number that the probe took: `what` names it, `unit` is ``bytes`` or ``s``."""

    what: str
    value: float
    unit: str


class Remarked(BaseKind, frozen=True, kw_only=True, omit_defaults=True, tag="remarked"):
    """Something that only one case needs to know, by name."""

    what: str
    value: str = ""


ProbeKind: TypeAlias = (
    CasePlayed | Connected | ConnectFailed | Asked | BodySent | BodyCut | Headers | StreamReset
    | FrameSeen | RawSent | Waited | Kept | Looked | Strayed | Signalled | Measured | Remarked
)  # fmt: skip
