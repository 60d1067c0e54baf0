"""The faults of the matrix: how each is played at a moment, and what the protocol makes of it.

A row says for some moments and versions how the fault is played there and what becomes of the
recording: by the protocol's text, never by what a client did. What is in no row does not exist,
and a rule of `scenarios.matrix_rules` says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

import msgspec

from scenarios.matrix_axes import LATER, RUNNING, Moment, Protocol

M, V1, V2 = Moment, (Protocol.V1,), (Protocol.V2,)
ANY = (Protocol.V2, Protocol.V1)


class Outcome(Enum):
    """What becomes of the recording at the recorder that is struck."""

    NOT_TAKEN = auto()
    """The attempt fails; the next recorder is tried (section 3)."""
    KEPT = auto()
    """It is recorded to its end, over v1 where the probe failed (section 3)."""
    LOST = auto()
    """It is lost while the command runs (sections 4 and 5)."""
    LOST_AT_END = auto()
    """It is lost after the command has exited, whose status stands (D12)."""


class Scripted(msgspec.Struct, frozen=True, kw_only=True):
    """A scripted recorder does it, exactly at the moment."""

    does: str
    status: int = 503
    code: int | None = None
    lasts: float | None = None


class Struck(msgspec.Struct, frozen=True, kw_only=True):
    """It is done to a real recorder, from outside."""

    fault: str
    amount: float | None = None
    lasts: float | None = None
    then: str = ""
    """A second fault: strikes when the probe was sent (at ``probe``), or the body has ended."""


class Row(msgspec.Struct, frozen=True):
    """Moments and versions at which a fault is played alike, and comes to the same."""

    moments: tuple[Moment, ...]
    protocols: tuple[Protocol, ...]
    how: Scripted | Struck
    outcome: Outcome
    waits: float = 0.0
    """Seconds that pass before the outcome shows."""


class MatrixFault(msgspec.Struct, frozen=True):
    """One fault, with all that is played of it."""

    name: str
    about: str
    rows: tuple[Row, ...]

    def row(self, moment: Moment, protocol: Protocol) -> Row | None:
        """Return how it is played there, or None."""
        for row in self.rows:
            if moment in row.moments and protocol in row.protocols:
                return row
        return None


NOT_TAKEN, KEPT = Outcome.NOT_TAKEN, Outcome.KEPT
LOST, LOST_AT_END = Outcome.LOST, Outcome.LOST_AT_END
WINDOW = FINAL = 30.0
SILENT_CHOICE = 15.0
"""Seconds: 10 for the probe and 5 for the v1 upload (section 8)."""

CODES = (
    "no-error",
    "protocol-error",
    "internal-error",
    "flow-control-error",
    "settings-timeout",
    "stream-closed",
    "frame-size-error",
    "refused-stream",
    "cancel",
    "compression-error",
    "connect-error",
    "enhance-your-calm",
    "inadequate-security",
    "http-1-1-required",
)
"""The error codes of HTTP/2, in their order from 0 (RFC 9113, section 7)."""

STATUSES = (302, 403, 404, 500, 503)


def _breaks(how: Scripted, *, dial: bool = True) -> tuple[Row, ...]:
    """Rows of what ends a connection or an answer, whenever it comes (sections 3 to 5)."""
    rows = (
        Row((M.PROBE,), ANY, how, KEPT),
        Row((M.OPEN,), ANY, how, NOT_TAKEN),
        Row(RUNNING, ANY, how, LOST),
        Row((M.CLOSING,), ANY, how, LOST_AT_END),
    )
    return (Row((M.DIAL,), V2, how, NOT_TAKEN), *rows) if dial else rows


def _acks(how: Scripted, moments: Iterable[Moment], waits: float = 0.0) -> tuple[Row, ...]:
    return (Row(tuple(moments), V2, how, KEPT, waits),)


def _dialled(fault: str, waits: float) -> tuple[Row, ...]:
    return (Row((M.DIAL,), V2, Struck(fault=fault), NOT_TAKEN, waits),)


_CONNECTION = (
    MatrixFault("refused", "dials are refused", _dialled("refused", 0.0)),
    MatrixFault("unreachable", "nothing answers a dial", _dialled("unreachable", 5.0)),
    MatrixFault(
        "backlog-full",
        "one dial is taken and not answered, further ones hang",
        _dialled("backlog-full", SILENT_CHOICE),
    ),
    MatrixFault(
        "tls",
        "TLS is spoken where plain was meant",
        (Row((M.DIAL,), V2, Scripted(does="tls"), NOT_TAKEN),),
    ),
    MatrixFault(
        "silent",
        "it reads on and says nothing more",
        (
            Row((M.DIAL,), V2, Scripted(does="silent"), NOT_TAKEN, SILENT_CHOICE),
            Row((M.PROBE,), ANY, Scripted(does="silent"), KEPT, 10.0),
            Row((M.OPEN,), ANY, Scripted(does="silent"), NOT_TAKEN, 5.0),
            Row(RUNNING, V2, Scripted(does="silent"), LOST, WINDOW),
            Row((M.CLOSING,), ANY, Scripted(does="silent"), LOST_AT_END, FINAL),
        ),
    ),
    MatrixFault("reset", "the connection is reset", _breaks(Scripted(does="reset-connection"))),
    MatrixFault(
        "half-closed",
        "it ends its own direction and reads on",
        _breaks(Scripted(does="half-close")),
    ),
)

_NETWORK = (
    MatrixFault(
        "slow",
        "everything is late, each way",
        (Row((M.DIAL, M.FIRST_OUTPUT, M.FLOOD), ANY, Struck(fault="slow", amount=0.3), KEPT, 3.0),),
    ),
    MatrixFault(
        "narrow",
        "bandwidth is cut",
        (Row((M.DIAL, M.FLOOD), ANY, Struck(fault="narrow", amount=300), KEPT, 3.0),),
    ),
    MatrixFault(
        "sliced",
        "bytes come in small pieces",
        (
            Row((M.DIAL, M.FIRST_OUTPUT, M.MID_CHARACTER), ANY, Struck(fault="sliced"), KEPT),
            Row((M.FLOOD,), ANY, Struck(fault="sliced", amount=1000), KEPT),
        ),
    ),
    MatrixFault(
        "black-hole",
        "nothing passes, and no connection ends",
        (
            Row((M.DIAL,), V2, Struck(fault="black-hole"), NOT_TAKEN, SILENT_CHOICE),
            Row(LATER, V2, Struck(fault="black-hole"), LOST, WINDOW),
            Row((M.FLOOD,), V1, Struck(fault="black-hole", lasts=3.0), KEPT, 3.0),
            Row((M.CLOSING,), ANY, Struck(fault="black-hole"), LOST_AT_END, FINAL),
        ),
    ),
)

_PROCESS = (
    MatrixFault(
        "killed",
        "its process is killed",
        (
            Row((M.DIAL,), V2, Struck(fault="killed"), NOT_TAKEN),
            Row((M.PROBE,), V2, Struck(fault="stopped", then="killed"), NOT_TAKEN),
            Row(LATER, ANY, Struck(fault="killed"), LOST),
            Row((M.CLOSING,), ANY, Struck(fault="stopped", then="killed"), LOST_AT_END),
        ),
    ),
    MatrixFault(
        "restarted",
        "its process is killed, and started again at once",
        (Row(LATER, ANY, Struck(fault="killed", lasts=0.3), LOST),),
    ),
    MatrixFault(
        "stopped",
        "its process stands still",
        (
            Row((M.DIAL,), V2, Struck(fault="stopped"), NOT_TAKEN, SILENT_CHOICE),
            Row(LATER, V2, Struck(fault="stopped"), LOST, WINDOW),
            Row((M.CLOSING,), ANY, Struck(fault="stopped"), LOST_AT_END, FINAL),
        ),
    ),
    MatrixFault(
        "continued",
        "its process stands still for a while, and goes on",
        (Row((M.DIAL, *LATER, M.CLOSING), ANY, Struck(fault="stopped", lasts=3.0), KEPT, 3.0),),
    ),
    MatrixFault(
        "reader-stalled",
        "it stops reading for a while, and still acks",
        (Row((M.FIRST_OUTPUT, M.FLOOD), ANY, Scripted(does="stop-reading", lasts=3.0), KEPT, 3.0),),
    ),
)


def _status(status: int) -> MatrixFault:
    how = Scripted(does="refuse", status=status)
    early = (Row(RUNNING, V1, how, LOST),) if status == 500 else ()
    rows = (
        Row((M.PROBE,), ANY, how, KEPT),
        Row((M.OPEN,), ANY, how, NOT_TAKEN),
        *early,
        Row((M.CLOSING,), V1, how, LOST_AT_END),
    )
    return MatrixFault(f"status-{status}", f"it answers {status}", rows)


_ANSWERS = (
    MatrixFault(
        "http1-only",
        "it answers the preface of HTTP/2 with a 200 of HTTP/1.1",
        (Row((M.PROBE,), V1, Scripted(does="early-200"), KEPT),),
    ),
    *map(_status, STATUSES),
    MatrixFault(
        "wrong-content",
        "it answers 200 with a page of HTML",
        (
            Row((M.OPEN,), V2, Scripted(does="wrong-content"), LOST),
            Row((M.OPEN,), V1, Scripted(does="wrong-content"), NOT_TAKEN),
            Row((M.CLOSING,), V1, Scripted(does="wrong-content"), KEPT),
        ),
    ),
    MatrixFault("garbage", "it sends what has no meaning", _breaks(Scripted(does="garbage"))),
    MatrixFault(
        "ended-early",
        "its answer ends before the session",
        (
            Row((M.OPEN,), V1, Scripted(does="early-200"), NOT_TAKEN),
            Row(RUNNING, ANY, Scripted(does="end-early"), LOST),
        ),
    ),
    MatrixFault(
        "error-frame",
        "it says that the recording failed",
        (
            Row(RUNNING, V2, Scripted(does="error-frame"), LOST),
            Row((M.CLOSING,), V2, Scripted(does="error-frame"), LOST_AT_END),
        ),
    ),
)

_ACKS = (
    MatrixFault(
        "acks-missing",
        "no ack comes any more",
        (
            Row(RUNNING, V2, Scripted(does="no-acks"), LOST, WINDOW),
            # A clean end after the session's end is success, whatever was acked (section 4).
            Row((M.CLOSING,), V2, Scripted(does="no-acks"), KEPT),
        ),
    ),
    MatrixFault(
        "acks-late",
        "the next ack comes late, and within the window",
        _acks(
            Scripted(does="late-acks", lasts=22.0),
            (M.BEFORE_HEADER, M.FIRST_OUTPUT, M.CLOSING),
            22.0,
        ),
    ),
    MatrixFault(
        "acks-falling",
        "an ack counts less than the one before",
        _acks(Scripted(does="falling-acks"), (*RUNNING, M.CLOSING)),
    ),
    MatrixFault(
        "acks-too-high",
        "an ack counts far more than was sent",
        _acks(Scripted(does="high-acks"), (*RUNNING, M.CLOSING)),
    ),
)


def _reset_stream(code: int, name: str) -> MatrixFault:
    how = Scripted(does="reset", code=code)
    return MatrixFault(
        f"rst-{name}",
        f"it resets the stream with {name.upper().replace('-', '_')}",
        tuple(msgspec.structs.replace(row, protocols=V2) for row in _breaks(how, dial=False)),
    )


_FRAMES = (
    MatrixFault(
        "goaway",
        "it says a GOAWAY that lets streams go on",
        (
            Row((M.PROBE, M.OPEN), V2, Scripted(does="go-away", code=0), NOT_TAKEN),
            Row((*RUNNING, M.CLOSING), V2, Scripted(does="go-away", code=0), KEPT),
        ),
    ),
    MatrixFault(
        "goaway-error",
        "it says a GOAWAY with an error and ends the connection",
        tuple(
            msgspec.structs.replace(row, protocols=V2)
            for row in _breaks(Scripted(does="go-away", code=2), dial=False)
        ),
    ),
    *(_reset_stream(code, name) for code, name in enumerate(CODES)),
)

FAULTS: dict[str, MatrixFault] = {
    fault.name: fault for fault in (*_CONNECTION, *_NETWORK, *_PROCESS, *_ANSWERS, *_ACKS, *_FRAMES)
}
