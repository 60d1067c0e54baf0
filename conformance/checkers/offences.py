"""What came of offences against HTTP/2 (`conformance.http2_offences`): what ended by them.

A target may end the stream or the connection, say GOAWAY or not, and answer an error before.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.checking import Findings
from conformance.exchanges import Exchange, Seen
from conformance.probed import RawSent, StreamReset


def raw_sent(seen: Seen, what: str) -> RawSent | None:
    """Return the wrong bytes that go by that name; None when they were not sent."""
    for event in seen.history:
        if isinstance(event.what, RawSent) and event.what.what == what:
            return event.what
    return None


def served(seen: Seen, connection: str) -> bool:
    """Tell whether the target spoke HTTP/2 on a connection at all: it sent SETTINGS."""
    return bool(seen.frames(connection, "SETTINGS"))


def over(seen: Seen, connection: str) -> bool:
    """Tell whether the target ended a connection, or said that it is over because of an error."""
    goaway = any(frame.value for frame in seen.frames(connection, "GOAWAY"))
    return goaway or seen.ended(connection) is not None


def reset(seen: Seen, connection: str) -> bool:
    """Tell whether the target reset a stream of a connection."""
    return any(
        isinstance(e.what, StreamReset) and e.what.connection == connection for e in seen.history
    )


def refused(seen: Seen, exchange: Exchange) -> bool:
    """Tell whether the target ended a request, or its connection, as one that is wrong.

    An answer that takes the upload and is never ended well is an end too: the recorder had
    answered before it could see what was wrong.
    """
    return (
        exchange.reset is not None
        or exchange.gone is not None
        or over(seen, exchange.asked.connection)
        or bool(exchange.error)
        or (exchange.status is not None and exchange.status >= 300)
        or (exchange.answer_ended_at is not None and exchange.body_ended_at is None)
    )


def judge_unsent(clause: str, what: str, seen: Seen, out: Findings) -> None:
    """Say of an offence that it was never committed: who serves nobody is to blame for that."""
    beside = [exchange for name in ("neighbour", "after") for exchange in seen.named(name)]
    if seen.refused or not all(exchange.succeeded for exchange in beside):
        out.broken(clause, f"{what}: no connection was served for it", *seen.refused)
    else:
        out.unknown(clause, f"{what}: it was not sent")


def judge_frames(clause: str, what: str, source: str, seen: Seen, out: Findings) -> None:
    """Judge what came of frames that end their stream, or the connection."""
    raw = raw_sent(seen, what)
    upload = seen.one(what)
    if raw is None:
        if upload is not None:
            out.broken(clause, f"{what}: the upload before it failed", *upload.story())
        else:
            judge_unsent(clause, what, seen, out)
        return
    if not served(seen, raw.connection):
        out.broken(clause, f"{what}: the connection was not served before it either")
        return
    out.expect(
        clause,
        over(seen, raw.connection)
        or reset(seen, raw.connection)
        or (upload is not None and refused(seen, upload)),
        f"{what}: the connection stood, and the stream too; one of them had to be ended ({source})",
        f"> {raw.data.hex(' ')}",
        *(upload.story() if upload is not None else ()),
    )


def judge_requests(
    clause: str, whats: Iterable[tuple[str, str]], seen: Seen, out: Findings
) -> None:
    """Judge what came of malformed requests: each must be refused, and none taken."""
    for what, source in whats:
        exchange = seen.one(what)
        if exchange is None:
            judge_unsent(clause, what, seen, out)
            continue
        if not served(seen, exchange.asked.connection):
            out.broken(clause, f"{what}: the connection was not served before it either")
            continue
        taken = exchange.opened_at is not None
        out.expect(
            clause,
            not taken and refused(seen, exchange),
            f"{what}: it was {'taken' if taken else 'left without an answer'}; the stream or the"
            f" connection had to be ended, or an error answered ({source})",
            *exchange.story(),
        )
