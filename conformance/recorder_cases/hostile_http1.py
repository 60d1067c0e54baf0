"""Cases about hostile clients over HTTP/1.1: smuggling, malformed heads and chunks, slow crowds.

A recorder may end the connection in place of an answer, except where a source names the answer.
"""

from __future__ import annotations

from conformance.cases import Level, Need, Phase, case
from conformance.checkers.aftermath import judge_aftermath
from conformance.checkers.offences import judge_unsent
from conformance.checking import Findings
from conformance.exchanges import OK, Exchange, Seen
from conformance.http1_offences import CHUNKS, CONTROLS, HOSTS, MALFORMED, SMUGGLING, Chunk, Head
from conformance.probed import Connected, Kept, Measured, RawSent

BEHIND = ", behind it"
"""Follows the name of a request in the name of the one that is smuggled with it."""
IDLE, TRICKLING, DEAF = 300, 100, 100
"""Connections that say nothing, that never finish a head, and that read no answer."""
HEAD_MIB = 32
"""MiB of field lines in a head without end."""
LINES, LINE_MIB = 5, 16
"""How many uploads send a line of how many MiB at once."""
NESTED = 200_000
"""How deep a header is nested."""
BAD_REQUEST = 400
TIMED_OUT = 408
REFUSED = 300
"""This status and all above it."""


def own(exchange: Exchange) -> list[Kept]:
    """Return what storage holds of an upload as a recording of its own.

    Another recording may hold its marker too, as text behind its own header.
    """
    marker = exchange.asked.marker.encode()
    return [kept for kept in exchange.kept if marker in kept.data.partition(b"\n")[0]]


def reached(seen: Seen, name: str, clause: str, out: Findings) -> Exchange | None:
    """Return an exchange; when there is none, say of `clause` why."""
    found = seen.one(name)
    if found is None:
        judge_unsent(clause, name, seen, out)
    return found


def refused(exchange: Exchange) -> bool:
    """Tell whether a request was answered with a refusal, or its connection was ended."""
    if exchange.status is not None:
        return exchange.status >= REFUSED
    return exchange.gone is not None


def reaction(exchange: Exchange) -> str:
    """Say for people what came of a request."""
    if exchange.status is not None:
        return f"answered {exchange.status}"
    return "met by the end of the connection" if exchange.gone else "left without any answer"


def judge_nothing_kept(exchange: Exchange, out: Findings) -> None:
    """What was refused is not in storage."""
    if exchange.looked and refused(exchange) and exchange.opened_at is None:
        out.expect(
            "hostile-17",
            not own(exchange),
            f"{exchange.name}: it was {reaction(exchange)}, and yet stored as"
            f" {', '.join(kept.path for kept in own(exchange))}",
            *exchange.story(),
        )


# --- smuggling ------------------------------------------------------------------------------------


@case(
    "hostile/h1-smuggling",
    "requests whose end can be read in two ways are never read as two",
    level=Level.HARDENED,
    clauses=("hostile-4", "hostile-7", "hostile-3", "hostile-17", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.V1,),
)
def smuggling(seen: Seen, out: Findings) -> None:
    """What is behind the first request, or inside it, is never answered or stored as a request."""
    for one in SMUGGLING:
        first = reached(seen, one.what, one.clause, out)
        if first is None:
            continue
        second = seen.one(one.what + BEHIND)
        judge_nothing_kept(first, out)
        if first.status is None and first.gone is None:
            out.broken("hostile-3", f"{one.what}: left without any answer", *first.story())
        elif second is None:
            out.held(one.clause)  # it was ended before the second one left
        else:
            _one_request(one.what, one.clause, first, second, out)
    judge_aftermath("hostile-3", seen, out, memory="hostile-13")


def _one_request(what: str, clause: str, first: Exchange, second: Exchange, out: Findings) -> None:
    answered = second.status is not None and second.status != TIMED_OUT
    stored = own(second)
    how = (
        f"answered {second.status}" if answered else f"stored as {stored[0].path}" if stored else ""
    )
    out.expect(
        clause,
        not how,
        f"{what}: the request behind it was {how}; the first had to be refused, or its connection"
        " ended behind its answer",
        *first.story(),
        *second.story(),
    )


# --- heads ----------------------------------------------------------------------------------------


def _must_be_refused(clause: str, heads: tuple[Head, ...], seen: Seen, out: Findings) -> None:
    for head in heads:
        exchange = reached(seen, head.what, clause, out)
        if exchange is None:
            continue
        out.expect(
            clause,
            refused(exchange),
            f"{head.what}: it was {reaction(exchange)}; a refusal, or the end of the connection,"
            f" is right ({head.source})",
            *exchange.story(),
        )
        judge_nothing_kept(exchange, out)


@case(
    "hostile/h1-malformed",
    "malformed heads end their request and nothing else, and leave no recording",
    level=Level.HARDENED,
    clauses=("hostile-3", "hostile-17", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.V1,),
)
def malformed(seen: Seen, out: Findings) -> None:
    """Each is refused, or its connection ended; others go on."""
    _must_be_refused("hostile-3", MALFORMED, seen, out)
    judge_aftermath("hostile-3", seen, out, memory="hostile-13")


@case(
    "hostile/h1-controls",
    "control characters in names of fields, and where they cannot be read as spaces, are refused",
    level=Level.HARDENED,
    clauses=("hostile-7", "hostile-3", "hostile-17", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.V1,),
)
def controls(seen: Seen, out: Findings) -> None:
    """Each is refused, or its connection ended."""
    _must_be_refused("hostile-7", CONTROLS, seen, out)
    judge_aftermath("hostile-3", seen, out, memory="hostile-13")


@case(
    "hostile/h1-host",
    "requests without exactly one valid Host are answered 400",
    level=Level.HARDENED,
    clauses=("hostile-5", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.V1,),
)
def host(seen: Seen, out: Findings) -> None:
    """The answer is 400 and no other, and it can be read: no body was on its way."""
    for what, _ in HOSTS:
        exchange = reached(seen, what, "hostile-5", out)
        if exchange is not None:
            out.expect(
                "hostile-5",
                exchange.status == BAD_REQUEST,
                f"{what}: it was {_taken(exchange)}; 400 is right (RFC 9112 §3.2)",
                *exchange.story(),
            )
    judge_aftermath("hostile-3", seen, out, memory="hostile-13")


def _taken(exchange: Exchange) -> str:
    interim = exchange.opened_at is not None and exchange.status is None
    return "answered 100" if interim else reaction(exchange)


@case(
    "hostile/h1-endless-head",
    f"{HEAD_MIB} MiB of field lines, and a request line of as many, end their connection",
    level=Level.HARDENED,
    clauses=("hostile-8", "hostile-3"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.V1,),
)
def endless_head(seen: Seen, out: Findings) -> None:
    """It is not read for ever, and not kept in memory."""
    for what in ("a head without end", "a request line without end"):
        exchange = reached(seen, what, "hostile-8", out)
        if exchange is not None:
            sent = sum(
                e.what.size
                for e in seen.of(RawSent)
                if isinstance(e.what, RawSent) and e.what.connection == exchange.asked.connection
            )
            out.expect(
                "hostile-8",
                refused(exchange),
                f"{what}: after {sent >> 20} MiB of it the connection stood; an answer of 431 or"
                " 414, or the end of the connection, is right",
                *exchange.story(),
            )
    judge_aftermath("hostile-3", seen, out, memory="hostile-8")


# --- chunks ---------------------------------------------------------------------------------------


@case(
    "hostile/h1-chunks",
    "chunk sizes that are no hexadecimal number, or too large to count, are an error",
    level=Level.HARDENED,
    clauses=("hostile-6", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.V1,),
)
def chunks(seen: Seen, out: Findings) -> None:
    """An upload with such a chunk does not succeed, and is not left in the balance."""
    for chunk in CHUNKS:
        exchange = reached(seen, chunk.what, chunk.clause, out)
        if exchange is not None:
            _chunk(chunk, exchange, out)
    judge_aftermath("hostile-3", seen, out, memory="hostile-13")


def _chunk(chunk: Chunk, exchange: Exchange, out: Findings) -> None:
    if exchange.opened_at is None:
        out.broken(
            chunk.clause,
            f"{chunk.what}: the upload before it was {reaction(exchange)}",
            *exchange.story(),
        )
        return
    # Who can count so far waits for so much, and is right.
    waits = chunk.countable and exchange.status is None
    out.expect(
        chunk.clause,
        refused(exchange) or waits,
        f"{chunk.what}: it was {reaction(exchange)}; an error status, or the end of the"
        " connection, is right",
        *exchange.story(),
    )


# --- what is refused ------------------------------------------------------------------------------

REFUSALS = (
    ("a path that nobody has", "POST", "/recspec-nowhere"),
    ("a path below the endpoint", "POST", "/record/recspec"),
    ("a method that the endpoint does not have", "PUT", "/record"),
    ("v2 over HTTP/1.1", "POST", "/v2/record"),
)


@case(
    "hostile/h1-refused",
    "recordings that are sent along with requests that are refused leave nothing",
    level=Level.HARDENED,
    clauses=("hostile-17", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.V1, Need.STORE),
)
def refusals(seen: Seen, out: Findings) -> None:
    """Who answers with an error, or not at all, keeps nothing of it."""
    for what, _, _ in REFUSALS:
        exchange = reached(seen, what, "hostile-17", out)
        if exchange is None:
            continue
        if exchange.status == OK:
            out.unseen("hostile-17", f"{what}: it is taken, so there is nothing to refuse")
        elif not refused(exchange):
            out.broken("hostile-3", f"{what}: left without any answer", *exchange.story())
        elif not exchange.looked:
            out.unknown("hostile-17", f"{what}: storage was not searched for it")
        else:
            judge_nothing_kept(exchange, out)
    judge_aftermath("hostile-3", seen, out, memory="hostile-13")


# --- crowds and giants ----------------------------------------------------------------------------


@case(
    "hostile/h1-idle",
    f"{IDLE} idle connections, {TRICKLING} heads that never end and {DEAF} clients that read"
    " nothing keep nobody out",
    level=Level.HARDENED,
    clauses=("hostile-12", "hostile-13"),
    shows=("hostile-12",),
    phase=Phase.HOSTILE,
    seconds=20.0,
)
def idle(seen: Seen, out: Findings) -> None:
    """Sessions are served while all of them stand, and after."""
    crowd = sum(1 for _ in seen.of(Connected))
    if not crowd and not seen.refused:
        out.unknown("hostile-12", "the crowd could not be made")
    main = seen.one("main")
    if main is None:
        out.broken(
            "hostile-12",
            f"with {crowd} connections open it took no other",
            *seen.refused[:3],
        )
    judge_aftermath("hostile-12", seen, out, memory="hostile-13")


@case(
    "hostile/long-lines",
    f"{LINES} lines of {LINE_MIB} MiB at once cost no more than bounded memory",
    level=Level.HARDENED,
    clauses=("hostile-13",),
    phase=Phase.HOSTILE,
    needs=(Need.KILL,),
    seconds=30.0,
)
def long_lines(seen: Seen, out: Findings) -> None:
    """They are taken, and memory is that of a few buffers all the while."""
    if not any(True for _ in seen.of(Measured)):
        out.unseen("hostile-13", "the memory of its processes cannot be measured here")
    elif len(seen.named("long line")) < LINES:
        out.unknown("hostile-13", "the lines were not all sent")
    judge_aftermath("hostile-13", seen, out, memory="hostile-13")


@case(
    "hostile/deep-headers",
    f"headers nested {NESTED} deep, and of several MiB, cost no more than bounded memory",
    level=Level.HARDENED,
    clauses=("hostile-13", "hostile-3"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    seconds=20.0,
)
def deep_headers(seen: Seen, out: Findings) -> None:
    """Each is taken or refused, and the recorder stands."""
    found = [e for e in seen.exchanges if e.name.startswith("a header ")]
    if not found:
        out.unknown("hostile-13", "no header was sent")
    for exchange in found:
        over = exchange.answer_ended_at is not None or exchange.ended_by_target
        out.expect(
            "hostile-13",
            over,
            f"{exchange.name}: it was neither taken nor refused",
            *exchange.story(),
        )
    judge_aftermath("hostile-13", seen, out, memory="hostile-13")
