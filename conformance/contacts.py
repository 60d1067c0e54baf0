"""Contacts: every connection to a recorder and every request on it, as the relay saw them.

The relay stands at the client's end, so the order of these events is the order of the wire there.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from conformance.history import (
    Answered,
    AnswerEnded,
    BodyEnded,
    BodyStarted,
    Dialled,
    Disconnected,
    End,
    Event,
    Kind,
    Overran,
    Requested,
    Settled,
    StreamBroken,
    Unreadable,
    WentAway,
)
from conformance.sessions import View
from conformance.uploads import Upload
from conformance.wire import V1_RECORD, V2_RECORD

CONTINUE, OK = 100, 200


class Contact(msgspec.Struct, kw_only=True):
    """One request and what came of it. Times are monotonic nanoseconds at the relay."""

    head: Requested
    at: int
    first: bool
    """Whether it is the first on its connection."""
    statuses: list[tuple[int, Answered]] = []
    body_at: int | None = None
    body_ended_at: int | None = None
    answer_ended_at: int | None = None
    broken_at: int | None = None
    """When the recorder reset its stream."""
    answers_before_body: tuple[int, ...] = ()
    """The statuses that had come when the first byte of the body passed."""

    @property
    def probe(self) -> bool:
        """True for the question whether v2 is spoken."""
        return self.head.method == "HEAD" and self.head.path == V2_RECORD

    @property
    def upload(self) -> bool:
        """True for the request that carries a recording."""
        return self.head.method == "POST" and self.head.path in (V1_RECORD, V2_RECORD)

    @property
    def opening(self) -> int:
        """The status that opens such an upload: the interim 100 of v1, the 200 of v2."""
        return CONTINUE if self.head.http == "1.1" else OK

    @property
    def opened_at(self) -> int | None:
        """When the recorder took the recording."""
        return next((at for at, what in self.statuses if what.status == self.opening), None)

    @property
    def final(self) -> tuple[int, Answered] | None:
        """The final answer, with its time."""
        return next((answer for answer in self.statuses if answer[1].status >= OK), None)

    @property
    def refused(self) -> tuple[int, Answered] | None:
        """The final answer that came in place of the opening, with its time."""
        if self.final is None or self.opened_at is not None:
            return None
        return self.final

    @property
    def over_at(self) -> int | None:
        """When nothing was under way for it any more."""
        if self.broken_at is not None:
            return self.broken_at
        refused = self.final is not None and self.final[1].status != OK
        ended = self.body_ended_at if self.body_ended_at is not None or not refused else self.at
        if ended is None or self.answer_ended_at is None:
            return None
        return max(ended, self.answer_ended_at)


class Connection(msgspec.Struct, kw_only=True):
    """One connection to a recorder."""

    recorder: str
    name: str
    peer: str
    at: int
    contacts: list[Contact] = []
    gone: tuple[int, Disconnected] | None = None
    """How it ended first, for one side at least."""
    settled: Settled | None = None
    overran: Overran | None = None
    went_away: list[tuple[int, WentAway]] = []
    garbled: bool = False
    """Whether the recorder said something that is no HTTP."""

    def left_at(self) -> int | None:
        """Return when the client left it, if it was the first to leave."""
        return self.gone[0] if self.gone is not None and self.gone[1].by == "client" else None

    def ended_at(self) -> int | None:
        """Return when the recorder ended it, if it was the first to."""
        return self.gone[0] if self.gone is not None and self.gone[1].by == "recorder" else None


class Network(msgspec.Struct, kw_only=True):
    """All that passed, in the order of the wire."""

    connections: list[Connection] = []
    until: int | None = None
    """When the relay stopped looking."""

    def contacts(self) -> Iterator[tuple[Connection, Contact]]:
        """Yield every request with its connection, by connection."""
        for connection in self.connections:
            for contact in connection.contacts:
                yield connection, contact

    def of(self, upload: Upload) -> tuple[Connection, Contact]:
        """Return the request of an upload, which passed like all others."""
        where = upload.connection, upload.stream
        return next(
            (connection, contact)
            for connection, contact in self.contacts()
            if (connection.name, contact.head.stream) == where
        )


def network(view: View) -> Network:
    """Put together what the relay saw."""
    found = Network()
    by_name: dict[str, Connection] = {}
    for event in view.of("network"):
        what = event.what
        if isinstance(what, End):
            found.until = event.at
            continue
        name = getattr(what, "connection", None)
        if name is None:
            continue
        if name not in by_name:
            # A history may begin in the middle: then the first that is seen of it stands for all.
            peer = what.peer if isinstance(what, Dialled) else ""
            by_name[name] = Connection(
                recorder=getattr(what, "recorder", ""), name=name, peer=peer, at=event.at
            )
            found.connections.append(by_name[name])
        _connection(by_name[name], event, what)
    return found


def _connection(connection: Connection, event: Event, what: Kind) -> None:
    match what:
        case Requested():
            first = not connection.contacts
            connection.contacts.append(Contact(head=what, at=event.at, first=first))
        case Disconnected():
            connection.gone = connection.gone or (event.at, what)
        case Settled():
            connection.settled = connection.settled or what
        case Overran():
            connection.overran = connection.overran or what
        case Unreadable(side="recorder"):
            connection.garbled = True
        case WentAway():
            connection.went_away.append((event.at, what))
        case _:
            stream = getattr(what, "stream", -1)
            for contact in connection.contacts:
                if contact.head.stream == stream:
                    _contact(contact, event, what)


def _contact(contact: Contact, event: Event, what: Kind) -> None:
    match what:
        case Answered():
            contact.statuses.append((event.at, what))
        case BodyStarted():
            contact.body_at = event.at
            contact.answers_before_body = tuple(seen.status for _, seen in contact.statuses)
        case BodyEnded():
            contact.body_ended_at = event.at
        case AnswerEnded():
            contact.answer_ended_at = contact.answer_ended_at or event.at
        case StreamBroken():
            contact.broken_at = event.at
        case _:
            pass
