"""Cases about heads: the probe, the 200 of v2 and the interim 100 of v1, refusals."""

from __future__ import annotations

from conformance.cases import Level, Need, Phase, case, nothing_more
from conformance.checking import Findings
from conformance.exchanges import OK, Exchange, Seen
from conformance.history import Unreadable
from conformance.probed import FrameSeen

ALLOWED = 405
NOT_FOUND = 404


def asked(seen: Seen, name: str, clause: str, out: Findings) -> list[Exchange]:
    """Return the exchanges of a name; none: say of `clause` why there is nothing to judge."""
    found = seen.named(name)
    if not found and seen.refused:
        out.broken(clause, f"no connection could be made: {seen.refused[0]}")
    elif not found:
        out.unknown(clause, "the play did not come so far")
    return found


def unreadable(seen: Seen, connection: str) -> list[str]:
    """Say what came over a connection that is no HTTP, or not what our settings allow."""
    return [
        e.what.why
        for e in seen.history
        if isinstance(e.what, Unreadable) and e.what.connection == connection
    ]


def _answer(exchange: Exchange) -> str:
    """Say for people what was answered."""
    if exchange.status is not None:
        return f"answered {exchange.status}"
    if exchange.reset is not None:
        return f"reset with code {exchange.reset}"
    return "met by the end of the connection" if exchange.gone else "not answered"


# --- the probe ------------------------------------------------------------------------------------


@case(
    "v2/probe",
    "HEAD /v2/record over HTTP/2 is answered 200 with no content",
    level=Level.CORE_V2,
    clauses=("v2-3", "v2-4"),
    needs=(Need.V2,),
)
def probe(seen: Seen, out: Findings) -> None:
    """HTTP/2 is spoken from the first byte, the probe is answered 200, its answer has no body."""
    for exchange in asked(seen, "probe", "v2-3", out):
        _probe(seen, exchange, out)


def _probe(seen: Seen, exchange: Exchange, out: Findings) -> None:
    """Judge one probe over HTTP/2."""
    connection, story = exchange.asked.connection, exchange.story()
    greeted = bool(seen.frames(connection, "SETTINGS"))
    out.expect(
        "v2-3",
        greeted,
        "no SETTINGS came in answer to the HTTP/2 preface",
        *story,
        *unreadable(seen, connection),
    )
    if not greeted:
        return  # whoever does not speak HTTP/2 cannot answer over it
    ended = exchange.answer_ended_at is not None
    without = "" if exchange.body or not ended else " without content"
    what = f"{_answer(exchange)}{without}, its answer {'ended' if ended else 'did not end'}"
    out.expect(
        "v2-4",
        exchange.status == OK and not exchange.body and ended,
        f"{exchange.name} was {what}; 200 without content is right",
        *story,
    )


@case(
    "v2/probe-twice",
    "two probes and then an upload over one connection",
    level=Level.CORE_V2,
    clauses=("v2-4", "v2-2"),
    shows=("v2-2",),
    needs=(Need.V2,),
)
def probe_twice(seen: Seen, out: Findings) -> None:
    """Each is answered as if it were alone; the upload is judged like any other."""
    for name in ("probe", "second probe"):
        for exchange in asked(seen, name, "v2-4", out):
            _probe(seen, exchange, out)
    asked(seen, "main", "v2-2", out)


@case(
    "v2/probe-http1",
    "HEAD /v2/record over HTTP/1.1 is answered without content, and v1 is there as before",
    level=Level.CORE_V2,
    clauses=("v2-4",),
    needs=(Need.V1, Need.V2),
)
def probe_http1(seen: Seen, out: Findings) -> None:
    """Any status will do, for no client takes it for v2; but content would be the next answer."""
    for exchange in asked(seen, "probe", "v2-4", out):
        if exchange.status is None:
            out.unseen("v2-4", f"over HTTP/1.1 the probe was {_answer(exchange)}")
            continue
        more = unreadable(seen, exchange.asked.connection)
        out.expect(
            "v2-4",
            not more,
            "something follows the answer to HEAD over HTTP/1.1",
            *exchange.story(),
            *more,
        )


@case(
    "v2/absent",
    "a recorder without v2 does not answer the probe with 200",
    level=Level.CORE_V1,
    clauses=("v2-5",),
    needs=(Need.V1, Need.NO_V2),
    seconds=15.0,
)
def absent(seen: Seen, out: Findings) -> None:
    """Whatever it answers will do, and silence too, as far as this goes."""
    for exchange in asked(seen, "probe", "v2-5", out):
        out.expect(
            "v2-5",
            exchange.status != OK,
            "the probe was answered 200 over HTTP/2, and there is no v2",
            *exchange.story(),
        )


@case(
    "v1/preface",
    "a recorder without HTTP/2 ends a connection that begins with its preface",
    level=Level.CORE_V1,
    clauses=("v1-14",),
    shows=("v1-14",),
    needs=(Need.V1, Need.NO_V2),
    seconds=15.0,
)
def preface(seen: Seen, out: Findings) -> None:
    """An error or the end of the connection comes; the uploads beside and after it go well."""
    for exchange in asked(seen, "preface", "v1-14", out):
        if any(seen.of(FrameSeen)):
            out.unseen("v1-14", "it speaks HTTP/2, though not v2")
            continue
        # An error answer is the end of it for a client that waits for frames.
        out.expect(
            "v1-14",
            exchange.status not in (None, OK) or exchange.gone is not None,
            f"the preface of HTTP/2 was {_answer(exchange)}",
            *exchange.story(),
        )


# --- before the first byte ------------------------------------------------------------------------

case(
    "v2/before-body",
    "the 200 of v2 comes though no body byte does, and the body may come late",
    level=Level.CORE_V2,
    clauses=("v2-2",),
    shows=("v2-2",),
    needs=(Need.V2,),
)(nothing_more)

case(
    "v1/before-body",
    "the interim 100 comes though no body byte does, and the body may come late",
    level=Level.CORE_V1,
    clauses=("v1-2",),
    shows=("v1-2",),
    needs=(Need.V1,),
)(nothing_more)


# --- the end of v1 --------------------------------------------------------------------------------

case(
    "v1/final",
    "the 200 of v1 waits for the end of the body",
    level=Level.CORE_V1,
    clauses=("v1-3",),
    shows=("v1-3",),
    needs=(Need.V1,),
)(nothing_more)


@case(
    "v1/final-killed",
    "what v1 answered with 200 is there after a kill in the same moment",
    level=Level.CORE_V1,
    clauses=("v1-3",),
    phase=Phase.STORAGE,
    needs=(Need.V1, Need.STORE, Need.FILESYSTEM, Need.FRESH, Need.KILL),
    seconds=20.0,
)
def final_killed(seen: Seen, out: Findings) -> None:
    """All of it is in storage once the recorder is back."""
    for exchange in asked(seen, "main", "v1-3", out):
        if not exchange.succeeded:
            continue  # judged as an upload that should have gone well
        if not exchange.looked:
            out.unknown("v1-3", "storage was not looked into")
            continue
        out.expect(
            "v1-3",
            any(kept.whole and kept.agrees == exchange.size for kept in exchange.kept),
            f"after the 200 and a kill {max((k.agrees for k in exchange.kept), default=0)} bytes"
            f" are stored of {exchange.size}",
            *exchange.story(),
        )


# --- chunks ---------------------------------------------------------------------------------------

for _name, _title in (
    ("chunk-sizes", "chunks of one byte and of a megabyte, their sizes written in every way"),
    ("chunk-extensions", "chunk extensions are passed over"),
    ("trailers", "trailers behind the last chunk are passed over"),
):
    case(
        f"v1/{_name}",
        _title,
        level=Level.CORE_V1,
        clauses=("v1-9",),
        shows=("v1-9",),
        needs=(Need.V1,),
    )(nothing_more)


# --- refusals -------------------------------------------------------------------------------------


@case(
    "v1/refused",
    "an upload to where there is nothing is refused in place of the 100",
    level=Level.CORE_V1,
    clauses=("v1-7",),
    needs=(Need.V1,),
)
def refused(seen: Seen, out: Findings) -> None:
    """A final status other than 200, and no 100 before it."""
    for exchange in asked(seen, "refused", "v1-7", out):
        story = exchange.story()
        if exchange.succeeded:
            out.unseen("v1-7", "recordings are taken on every path: there is nothing to refuse")
        elif exchange.opened_at is not None:
            out.broken("v1-7", "the 100 came for an upload that could not be taken", *story)
        else:
            out.expect(
                "v1-7",
                exchange.status not in (None, OK),
                f"an upload that cannot be taken was {_answer(exchange)}",
                *story,
            )


def methods(seen: Seen, out: Findings) -> None:
    """Each is answered 405, and `Allow` names POST."""
    for exchange in asked(seen, "method", "v1-16", out):
        allow = exchange.headers.get("allow", "")
        offered = {method.strip().upper() for method in allow.split(",")}
        what = f"{exchange.asked.method} {exchange.asked.path}"
        out.expect(
            "v1-16",
            exchange.status == ALLOWED and "POST" in offered,
            f"{what} was {_answer(exchange)} with Allow {allow!r}; 405 with POST in Allow is right",
            *exchange.story(),
        )


def paths(seen: Seen, out: Findings) -> None:
    """Each is answered 404."""
    for exchange in asked(seen, "path", "v1-17", out):
        out.expect(
            "v1-17",
            exchange.status == NOT_FOUND,
            f"{exchange.asked.method} {exchange.asked.path} was {_answer(exchange)}; 404 is right",
            *exchange.story(),
        )


for _version, _level, _need in (
    ("v1", Level.CORE_V1, Need.V1),
    ("v2", Level.CORE_V2, Need.V2),
):
    case(
        f"{_version}/methods",
        f"methods that the {_version} endpoint does not have are answered 405 with Allow",
        level=_level,
        clauses=("v1-16",),
        needs=(_need,),
    )(methods)
    case(
        f"{_version}/paths",
        f"paths that nobody knows are answered 404, asked as {_version} asks",
        level=_level,
        clauses=("v1-17",),
        needs=(_need,),
    )(paths)


@case(
    "v2/connection-fields",
    "fields of HTTP/1.1's connections over HTTP/2 start no recording",
    level=Level.CORE_V2,
    clauses=("v2-18",),
    needs=(Need.V2,),
)
def connection_fields(seen: Seen, out: Findings) -> None:
    """Each upload is refused, by a reset, by an error status or by the end of its connection."""
    for exchange in asked(seen, "malformed", "v2-18", out):
        fields = exchange.asked.head.rpartition(" | ")[2]
        ended = exchange.ended_by_target or exchange.status is not None
        out.expect(
            "v2-18",
            ended and exchange.opened_at is None,
            f"an upload with {fields} was {_answer(exchange)}; it is malformed",
            *exchange.story(),
        )
