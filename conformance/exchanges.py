"""Exchanges: what a probe asked and a target answered, put together from a case's history."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from conformance.checkers.wire import Frame, frames
from conformance.codings import uncoded
from conformance.history import (
    AnswerBody,
    Answered,
    AnswerEnded,
    BodyEnded,
    Disconnected,
    Event,
    History,
    Kind,
    Late,
)
from conformance.probed import (
    Asked,
    BodyCut,
    BodySent,
    CasePlayed,
    ConnectFailed,
    FrameSeen,
    Headers,
    Kept,
    Looked,
    StreamReset,
    Waited,
)
from conformance.wire import SECOND

OK = 200
_SMALL = 10
"""A lateness below this part of a wait does not spoil it."""
_AROUND = SECOND // 4
"""Nanoseconds around a lateness in which a wait that ends is in doubt."""
CONTINUE = 100
READ = 4 * SECOND
"""What came so long ago a recorder has read, though nobody told."""


class Exchange(msgspec.Struct, kw_only=True):
    """One request, and all that came of it. Times are monotonic nanoseconds."""

    asked: Asked
    asked_at: int
    statuses: list[tuple[int, int]] = []
    """Every status with its time, interim ones included: (at, status)."""
    headers: dict[str, str] = {}
    """Of the last answer; names in lower case."""
    sent: list[tuple[int, int]] = []
    """Body bytes as they left: (at, size)."""
    body_ended_at: int | None = None
    cut: str = ""
    """How the probe broke it off; empty when it did not."""
    cut_at: int | None = None
    answers: list[Event] = []
    """The events `AnswerBody`."""
    answer_ended_at: int | None = None
    reset: int | None = None
    """The error code with which the target reset the stream."""
    reset_at: int | None = None
    gone: Disconnected | None = None
    """How its connection ended, when the target ended it."""
    gone_at: int | None = None
    kept: list[Kept] = []
    """What storage held of it, when it was last looked at."""
    looked: bool = False
    """True when storage was searched for it."""
    waited: list[Waited] = []
    """What was waited for in vain."""

    @property
    def name(self) -> str:
        """What the case calls it."""
        return self.asked.name

    @property
    def v2(self) -> bool:
        """True for a request over HTTP/2."""
        return self.asked.http == "2"

    @property
    def upload(self) -> bool:
        """True when it carries, or would carry, a recording."""
        return bool(self.asked.marker)

    @property
    def opened_at(self) -> int | None:
        """When the recorder took the recording: the interim 100 of v1, the 200 of v2."""
        wanted = OK if self.v2 else CONTINUE
        return next((at for at, status in self.statuses if status == wanted), None)

    @property
    def status(self) -> int | None:
        """The final status."""
        return next((status for _, status in self.statuses if status >= OK), None)

    @property
    def size(self) -> int:
        """Bytes of the body that were sent."""
        return sum(size for _, size in self.sent)

    @property
    def received(self) -> int:
        """Bytes of the body that the recorder surely had when it was broken off.

        All that stands before a FIN is read. A reset, of TCP or of a stream, makes its receiver
        throw away what it has not read, so there what was acked counts, or came long before.
        """
        if self.cut_at is None or self.cut in ("fin", "half"):
            return self.size
        old = sum(size for at, size in self.sent if at <= self.cut_at - READ)
        return max(old, min(self.acked, self.size))

    @property
    def frames(self) -> list[Frame]:
        """The frames of a v2 answer."""
        return self.read()[0]

    def read(self) -> tuple[list[Frame], str]:
        """Return the frames of a v2 answer, and what is left of it that is none.

        A content coding is undone: a recorder may take a client that offers one at its word.
        """
        coding = self.headers.get("content-encoding", "")
        data = [e.what.data for e in self.answers if isinstance(e.what, AnswerBody)]
        plain = [
            msgspec.structs.replace(e, what=msgspec.structs.replace(e.what, data=piece))
            for e, piece in zip(self.answers, uncoded(coding, data), strict=True)
        ]
        return frames(plain)

    @property
    def error(self) -> str:
        """The error of a v2 answer, or nothing."""
        return next((frame.error for frame in self.frames if frame.error), "")

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return b"".join(e.what.data for e in self.answers if isinstance(e.what, AnswerBody))

    @property
    def acked(self) -> int:
        """The highest number that was acked."""
        return max((frame.ack or 0 for frame in self.frames), default=0)

    @property
    def succeeded(self) -> bool:
        """True when the recorder took the recording and said at its end that all is well."""
        return (
            self.opened_at is not None
            and self.body_ended_at is not None
            and self.answer_ended_at is not None
            and self.status == OK
            and not self.error
        )

    @property
    def ended_by_target(self) -> bool:
        """True when the target reset the stream, or ended or reset the connection."""
        return self.reset is not None or self.gone is not None

    @property
    def turned_away(self) -> bool:
        """True when the target refused it before it took a byte."""
        return self.opened_at is None and (self.status not in (None, OK) or self.ended_by_target)

    @property
    def trouble(self) -> str:
        """Say what went wrong with an upload that should have gone well; empty: nothing."""
        if self.succeeded:
            return ""
        if self.error:
            return f"the recorder failed it: {self.error}"
        if self.status not in (None, OK):
            return f"the recorder answered {self.status}"
        if self.reset is not None:
            return f"the recorder reset the stream with code {self.reset}"
        if self.gone is not None and self.answer_ended_at is None:
            return f"the recorder ended the connection ({self.gone.how})"
        if self.opened_at is None:
            return "the recorder did not take it: " + (
                "a final answer came in place of the interim 100"
                if self.status is not None
                else "no answer came"
            )
        if self.answer_ended_at is not None and self.body_ended_at is None:
            return "the answer ended before the body did"
        if self.body_ended_at is None:
            return "it could not be sent to its end" + _in_vain(self.waited)
        return "the answer did not end after the body had" + _in_vain(self.waited)

    def gaps(self) -> list[tuple[int, int]]:
        """Return (gap, when it began) between the frames of a v2 answer, in nanoseconds.

        Only of an upload that was taken: any other answer has no frames.
        """
        assert self.opened_at is not None
        ends = (self.answer_ended_at, self.reset_at, self.gone_at, self.cut_at)
        end = min((at for at in ends if at is not None), default=None)
        times = [self.opened_at, *(f.at for f in self.frames), *([end] if end else [])]
        return [(after - before, before) for before, after in pairwise(times)]

    def story(self) -> tuple[str, ...]:
        """Tell it in a few lines, for evidence: what was sent, what came back."""
        lines = [f"> {self.asked.head or f'{self.asked.method} {self.asked.path}'}"]
        if self.sent:
            end = " and its end" if self.body_ended_at else ""
            cut = f", then broke it off ({self.cut})" if self.cut else ""
            lines.append(f"> {self.size} body bytes{end}{cut}")
        lines += [f"< {status}" for _, status in self.statuses]
        if self.answers:
            lines.append(f"< {self.body[-160:].decode('utf-8', 'replace')}")
        if self.answer_ended_at is not None:
            lines.append("< end of the answer")
        if self.reset is not None:
            lines.append(f"< RST_STREAM {self.reset}")
        if self.gone is not None:
            lines.append(f"< end of the connection ({self.gone.how})")
        lines += [f"  waited {w.seconds:g} s for {w.what}" for w in self.waited]
        return tuple(lines)


def _in_vain(waited: list[Waited]) -> str:
    return f" (waited {waited[-1].seconds:g} s)" if waited else ""


class Seen:
    """A case's history, put together."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.case = next((e.what for e in history if isinstance(e.what, CasePlayed)), None)
        self.exchanges: list[Exchange] = []
        self._by: dict[tuple[str, int], Exchange] = {}
        for event in history:
            self._take(event, event.what)

    def _take(self, event: Event, what: Kind) -> None:
        match what:
            case Asked():
                found = Exchange(asked=what, asked_at=event.at)
                self.exchanges.append(found)
                self._by[what.connection, what.stream] = found
            case Disconnected(by="recorder"):
                for (connection, _), exchange in self._by.items():
                    over = exchange.answer_ended_at is not None and exchange.body_ended_at
                    if connection == what.connection and exchange.gone is None and not over:
                        exchange.gone, exchange.gone_at = what, event.at
            case Kept() | Looked():
                for exchange in self.exchanges:
                    if exchange.asked.marker == what.marker:
                        if isinstance(what, Kept):
                            exchange.kept.append(what)
                        else:
                            # The look ends with this; what it found came before it.
                            exchange.looked = True
                            exchange.kept = exchange.kept[len(exchange.kept) - what.found :]
            case _:
                key = (getattr(what, "connection", ""), getattr(what, "stream", -1))
                if key in self._by:
                    _add(self._by[key], event, what)

    def named(self, name: str) -> list[Exchange]:
        """Return the exchanges that the case calls `name`, in the order of asking."""
        return [exchange for exchange in self.exchanges if exchange.name == name]

    def one(self, name: str) -> Exchange | None:
        """Return the only exchange of that name; None when the play did not come so far."""
        found = self.named(name)
        return found[0] if found else None

    def of(self, kind: type[Kind]) -> Iterator[Event]:
        """Yield the events of one kind."""
        yield from (event for event in self.history if isinstance(event.what, kind))

    def frames(self, connection: str, frame: str = "") -> list[FrameSeen]:
        """Return the other frames that came over a connection, all or those of one type."""
        return [
            e.what
            for e in self.history
            if isinstance(e.what, FrameSeen)
            and e.what.connection == connection
            and frame in ("", e.what.frame)
        ]

    def ended(self, connection: str) -> Disconnected | None:
        """Return how the target ended a connection; None when it did not."""
        for event in self.history:
            what = event.what
            if isinstance(what, Disconnected) and what.connection == connection:
                return what if what.by == "recorder" else None
        return None

    @property
    def refused(self) -> list[str]:
        """Why connections were not accepted."""
        return [e.what.why for e in self.history if isinstance(e.what, ConnectFailed)]

    @property
    def spoiled(self) -> int:
        """By how much our own loop was late when a wait of ours ended in vain, in nanoseconds.

        What had come by then may have lain unread. At any other time lateness only gives the
        target more time than it was promised, and one that is small beside the wait hides no
        answer that was in time; the gaps between acks are measured apart.
        """
        late = [
            (e.at, e.what.by)
            for e in self.history
            if isinstance(e.what, Late) and e.what.loop != "s3"
        ]
        return max(
            (
                by
                for event in self.history
                if isinstance(event.what, Waited)
                for at, by in late
                if at - by - _AROUND <= event.at <= at + _AROUND
                and by >= event.what.seconds * SECOND / _SMALL
            ),
            default=0,
        )

    @property
    def store_late(self) -> int:
        """How long our own object store took at most to answer unasked, in nanoseconds.

        A recorder may give it up by then, and what it says of that is no defect of its own.
        """
        waits = [e.what for e in self.history if isinstance(e.what, Late)]
        return max((late.by for late in waits if late.loop == "s3"), default=0)


def _add(exchange: Exchange, event: Event, what: Kind) -> None:
    match what:
        case Answered(status=status):
            exchange.statuses.append((event.at, status))
        case Headers(fields=fields):
            exchange.headers = dict(fields)
        case BodySent(size=size):
            exchange.sent.append((event.at, size))
        case BodyEnded():
            exchange.body_ended_at = event.at
        case BodyCut(how=how):
            exchange.cut, exchange.cut_at = how, event.at
        case AnswerBody():
            exchange.answers.append(event)
        case AnswerEnded():
            exchange.answer_ended_at = event.at
        case StreamReset(code=code):
            exchange.reset, exchange.reset_at = code, event.at
        case Waited():
            exchange.waited.append(what)
        case _:
            pass
