"""Uploads: recordings on their way, as the relay beside the user saw them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from conformance.answer_stream import read
from conformance.codings import uncoded
from conformance.history import (
    AnswerBody,
    Answered,
    AnswerEnded,
    BodyEnded,
    BodyStarted,
    Disconnected,
    Event,
    Handed,
    Kind,
    Requested,
    WentAway,
)
from conformance.wire import V2_RECORD


class Upload(msgspec.Struct, kw_only=True):
    """One recording on its way: what the relay saw of one request."""

    recorder: str
    connection: str
    stream: int
    http: str
    path: str
    handed: list[Event]
    """The events `Handed`, in the user observer's order."""
    answers: list[Event]
    """The events `AnswerBody`."""
    opened_at: int | None = None
    """When the 200 (v2) or the interim 100 (v1) passed."""
    body_ended: bool = False
    body_ended_at: int | None = None
    answer_ended_at: int | None = None
    answer_ended_first: bool = False
    """True when the answer ended before the body had."""
    final_status: int | None = None
    coding: str = ""
    """The content coding of the answer's body."""
    gone_at: int | None = None
    broken_at: int | None = None
    """When the recorder's side ended the connection, if it did so first."""

    @property
    def body(self) -> bytes:
        """All that was handed over."""
        return b"".join(event.what.data for event in self.handed if isinstance(event.what, Handed))

    @property
    def taken(self) -> bool:
        """True when a recorder took the recording and got something of it."""
        return self.opened_at is not None and any(self.handed)

    @property
    def empty(self) -> bool:
        """True when a recorder took the recording, and it was ended without a byte."""
        return self.opened_at is not None and self.body_ended and not self.handed

    @property
    def clean(self) -> bool:
        """True when the body was ended, and the answer said success to its end."""
        return self.body_ended and self.answer_ended_at is not None and self.final_status == 200

    @property
    def final_wait(self) -> int:
        """How long the end of the answer was awaited after the body's, in nanoseconds."""
        if self.answer_ended_at is None or self.body_ended_at is None:
            return 0
        return self.answer_ended_at - self.body_ended_at

    @property
    def last_answer(self) -> str:
        """The last bytes of the answer that passed, as text, without their content coding."""
        data = [e.what.data for e in self.answers if isinstance(e.what, AnswerBody)]
        last = list(uncoded(self.coding, data))[-1:]
        return b"".join(last).decode("utf-8", "replace")

    @property
    def said_failure(self) -> bool:
        """True when the answer holds an error frame, whatever its content coding or its pieces.

        v1 has no frames: there the final status says it.
        """
        return self.http == "2" and read(self.answers, self.coding).error is not None

    def gaps(self) -> tuple[int, ...]:
        """Return the times between what passed back, from the opening on, in nanoseconds."""
        if self.opened_at is None:
            return ()
        last = self.answer_ended_at if self.answer_ended_at is not None else self.gone_at
        times = [self.opened_at, *(event.at for event in self.answers)]
        if last is not None:
            times.append(last)
        return tuple(after - before for before, after in pairwise(times))

    def failed_by_recorder(self, window: int) -> str:
        """Say how the recorder itself broke off an upload that it had taken, or nothing.

        `window` is the ack window in nanoseconds.
        """
        if self.opened_at is None:
            return ""
        frames = [event.at for event in self.answers]
        if self.http == "2":
            times = [self.opened_at, *frames, *([self.gone_at] if self.gone_at else [])]
            if any(after - before >= window for before, after in pairwise(times)):
                return "it sent no frame for the whole ack window"
        if self.answer_ended_at is not None and not self.body_ended:
            return "it ended its answer before the body ended"
        if self.final_status not in (None, 200):
            return f"it answered {self.final_status}"
        if self.said_failure:
            return "it sent an error frame"
        return ""


def uploads(network: Sequence[Event], user: Sequence[Event]) -> list[Upload]:
    """Put together the uploads that passed, from the events of these two observers."""
    found: dict[tuple[str, int], Upload] = {}
    for event in network:
        what = event.what
        if isinstance(what, Requested) and what.method == "POST":
            found[what.connection, what.stream] = Upload(
                recorder=what.recorder,
                connection=what.connection,
                stream=what.stream,
                http=what.http,
                path=what.path,
                handed=[],
                answers=[],
            )
        elif isinstance(what, Disconnected):
            for (connection, _), upload in found.items():
                if connection == what.connection and upload.gone_at is None:
                    upload.gone_at = event.at
                    upload.broken_at = event.at if what.by == "recorder" else None
        elif isinstance(what, Answered | AnswerBody | AnswerEnded | BodyStarted | BodyEnded):
            passing = found.get((what.connection, what.stream))
            if passing is not None:
                _passed(passing, event, what)
    for event in user:
        if isinstance(event.what, Handed):
            passing = found.get((event.what.connection, event.what.stream))
            if passing is not None:
                passing.handed.append(event)
    return list(found.values())


def _passed(upload: Upload, event: Event, what: Kind) -> None:
    match what:
        case Answered(status=status, coding=coding):
            if status == (100 if upload.http == "1.1" else 200) and upload.opened_at is None:
                upload.opened_at = event.at
            if status >= 200:
                upload.final_status = status
                upload.coding = coding
        case AnswerBody():
            upload.answers.append(event)
        case AnswerEnded() if upload.answer_ended_at is None:
            upload.answer_ended_at = event.at
            upload.answer_ended_first = not upload.body_ended
        case BodyEnded():
            upload.body_ended = True
            upload.body_ended_at = event.at
        case _:
            pass


def went_elsewhere(network: Iterable[Event]) -> bool:
    """Tell whether a v2 upload went over another connection than one that was being left.

    A graceful GOAWAY after the probe forbids the upload on its connection: one client takes the
    attempt for failed, another makes a new connection, and both are within the protocol.
    """
    left: dict[str, str] = {}
    asked: dict[str, int] = {}
    for event in network:
        what = event.what
        if isinstance(what, WentAway) and not what.code:
            if asked.get(what.connection, what.last + 1) > what.last:
                left[what.recorder] = what.connection
        elif isinstance(what, Requested) and what.method == "POST":
            asked[what.connection] = what.stream
            if left.get(what.recorder, what.connection) != what.connection:
                return what.path == V2_RECORD
    return False


def header_line(body: bytes) -> bytes:
    """Return the first line of a recording, its newline included."""
    end = body.find(b"\n")
    return body if end < 0 else body[: end + 1]


class Header(msgspec.Struct):
    """What of a recording's header tells sessions apart; everything is optional."""

    connection_id: str = msgspec.field(name="connectionID", default="")
    command: str = ""
    width: int = 0
    height: int = 0
    env: dict[str, str] | None = None


def header_of(upload: Upload) -> Header | None:
    """Read an upload's header; None when there is none that can be read."""
    try:
        return msgspec.json.decode(header_line(upload.body), type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
