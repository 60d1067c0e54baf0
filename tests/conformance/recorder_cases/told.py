"""Small histories of cases, told by hand."""

from __future__ import annotations

from conformance.cases import PREFIX, cases, judge_case
from conformance.history import AnswerBody, Answered, AnswerEnded, BodyEnded, Event, Kind
from conformance.judgement import Status
from conformance.probed import Asked, BodySent, CasePlayed

STEP = 10_000_000
"""Nanoseconds from one event to the next."""
MARKER = "rs-0"


def told(name: str, *kinds: Kind, has: tuple[str, ...] = ()) -> tuple[Event, ...]:
    """Return a history in which the kinds follow each other at once."""
    first = CasePlayed(case=PREFIX + name, target="told", has=has)
    return tuple(
        Event("probe", number, number * STEP, what) for number, what in enumerate((first, *kinds))
    )


def verdicts(name: str, *kinds: Kind, has: tuple[str, ...] = ()) -> dict[str, Status]:
    """Judge a history and return the worst that is said of each clause; what held is ``pass``."""
    return worst(name, told(name, *kinds, has=has))


def worst(name: str, history: tuple[Event, ...]) -> dict[str, Status]:
    """Judge a history with times of its own, and return what `verdicts` does."""
    judgement = judge_case(cases()[PREFIX + name], history)
    order = (Status.PASS, Status.SKIP, Status.WARN, Status.FAIL, Status.ERROR)
    found = dict.fromkeys(judgement.clauses, Status.PASS)
    for finding in judgement.findings:
        found[finding.clause] = max(
            found.get(finding.clause, Status.PASS), finding.status, key=order.index
        )
    return found


def asked(
    name: str = "main",
    *,
    http: str = "2",
    connection: str = "c0",
    stream: int = 1,
    method: str = "POST",
    intent: str = "free",
    marker: str = "",
    head: str = "",
) -> Asked:
    """Return the head of a request."""
    return Asked(
        connection=connection,
        stream=stream,
        http=http,
        method=method,
        path="/a/path",
        name=name,
        intent=intent,
        marker=marker,
        head=head,
    )


def answered(status: int, *, connection: str = "c0", stream: int = 1) -> Answered:
    """Return the head of an answer."""
    return Answered(recorder="target", connection=connection, stream=stream, status=status)


def sent(data: bytes, *, connection: str = "c0", stream: int = 1) -> BodySent:
    """Return body bytes that left."""
    return BodySent(connection=connection, stream=stream, size=len(data), data=data)


def got(data: bytes, *, connection: str = "c0", stream: int = 1) -> AnswerBody:
    """Return bytes of an answer."""
    return AnswerBody(recorder="target", connection=connection, stream=stream, data=data)


def body_end(*, connection: str = "c0", stream: int = 1) -> BodyEnded:
    """Return the end of a body."""
    return BodyEnded(recorder="target", connection=connection, stream=stream)


def answer_end(*, connection: str = "c0", stream: int = 1) -> AnswerEnded:
    """Return the end of an answer."""
    return AnswerEnded(recorder="target", connection=connection, stream=stream)


def upload_v1(
    name: str = "main", *, connection: str = "c0", intent: str = "whole"
) -> tuple[Kind, ...]:
    """Return an upload over v1 that goes well."""
    where = {"connection": connection, "stream": 0}
    return (
        asked(name, http="1.1", intent=intent, marker=MARKER + connection, **where),  # type: ignore[arg-type]
        answered(100, **where),  # type: ignore[arg-type]
        sent(b"line\n", **where),  # type: ignore[arg-type]
        body_end(**where),  # type: ignore[arg-type]
        answered(200, **where),  # type: ignore[arg-type]
        answer_end(**where),  # type: ignore[arg-type]
    )


def opened_v2(
    name: str = "main", *, connection: str = "c0", stream: int = 1, intent: str = "whole"
) -> tuple[Kind, ...]:
    """Return the beginning of an upload over v2: it was taken, and a line was sent."""
    marker = f"{MARKER}{connection}-{stream}"
    return (
        asked(name, connection=connection, stream=stream, intent=intent, marker=marker),
        answered(200, connection=connection, stream=stream),
        sent(b"line\n", connection=connection, stream=stream),
    )


def ended_v2(*, connection: str = "c0", stream: int = 1) -> tuple[Kind, ...]:
    """Return the end of the upload that `opened_v2` began."""
    return (
        body_end(connection=connection, stream=stream),
        got(b'{"ack":5}\n', connection=connection, stream=stream),
        answer_end(connection=connection, stream=stream),
    )
