"""Cases about events: ``/v2/event`` over HTTP/1.1, as upstream's client uses it.

A client asks by HEAD whether events are taken, and posts them one by one; the answer to each is all
that it ever learns. Which events lie in storage is told by two markers in each: one that stands
near its beginning, and one near its end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance.cases import WHY_NOT, Level, Need, Phase, case
from conformance.checking import Findings
from conformance.exchanges import OK, Exchange, Seen
from conformance.probed import Kept, Remarked
from conformance.recorder_cases.heads import asked

NOT_FOUND = 404
ENDS_WITH = "the marker near the end of"
"""A play remarks the second marker of each event: ``the marker near the end of MARKER``."""


def _ends_with(seen: Seen, exchange: Exchange) -> str:
    """Return the second marker of an event; empty when it has none."""
    what = f"{ENDS_WITH} {exchange.asked.marker}"
    for event in seen.of(Remarked):
        if isinstance(event.what, Remarked) and event.what.what == what:
            return event.what.value
    return ""


def visible(exchange: Exchange) -> list[Kept]:
    """Return what storage holds of an event, except for files that are still being written."""
    return [
        kept
        for kept in exchange.kept
        if not any(part.startswith(".") for part in kept.path.split("/"))
    ]


def stored(seen: Seen, exchange: Exchange) -> list[Kept]:
    """Return where an event lies from beginning to end."""
    end = _ends_with(seen, exchange)
    return [kept for kept in visible(exchange) if not end or end in kept.others]


def _answer(exchange: Exchange) -> str:
    if exchange.status is not None:
        return f"answered {exchange.status}"
    return "met by the end of the connection" if exchange.gone else "not answered"


def _looked(seen: Seen, clause: str, out: Findings) -> bool:
    """Tell whether storage could be looked into; otherwise say that `clause` cannot be seen."""
    if seen.case is None or Need.STORE not in seen.case.has:
        out.unseen(clause, WHY_NOT[Need.STORE])
        return False
    return True


def honest(seen: Seen, exchanges: list[Exchange], out: Findings) -> None:
    """Judge that events are stored when, and only when, they were answered 200."""
    missing: list[Exchange] = []
    cut_short: list[Exchange] = []
    denied: list[Exchange] = []
    for exchange in exchanges:
        if not exchange.looked or exchange.status is None:
            continue
        lies = stored(seen, exchange)
        if exchange.status == OK and not lies:
            (cut_short if visible(exchange) else missing).append(exchange)
        elif exchange.status != OK and lies:
            denied.append(exchange)
        else:
            out.held("event-4")
    for what, found in (
        ("answered 200, and it is not in storage", missing),
        ("answered 200, and only its beginning is in storage", cut_short),
        ("not answered 200, and yet it is in storage", denied),
    ):
        if found:
            names = ", ".join(exchange.name for exchange in found)
            paths = [f"stored at {kept.path}" for kept in visible(found[0])]
            out.broken("event-4", f"{names}: {what}", *found[0].story(), *paths)


# --- support --------------------------------------------------------------------------------------


def _head(status: int, seen: Seen, out: Findings) -> None:
    for exchange in asked(seen, "head", "event-1", out):
        if exchange.asked.stream and exchange.status is None and exchange.gone is not None:
            continue  # a server may end a connection between two requests
        out.expect(
            "event-1",
            exchange.status == status,
            f"HEAD /v2/event was {_answer(exchange)}; {status} would be right",
            *exchange.story(),
        )


@case(
    "events/head",
    "HEAD /v2/event is answered 200 by a recorder that takes events",
    level=Level.EVENTS,
    clauses=("event-1",),
    needs=(Need.EVENTS,),
)
def head(seen: Seen, out: Findings) -> None:
    """Each time, over a new connection and over an old one."""
    _head(OK, seen, out)


@case(
    "events/none",
    "HEAD /v2/event is answered 404 by a recorder that takes no events",
    level=Level.CORE_V1,
    clauses=("event-1",),
    needs=(Need.NO_EVENTS,),
)
def none(seen: Seen, out: Findings) -> None:
    """Any other answer is taken for a fault, and holds up what the client records."""
    _head(NOT_FOUND, seen, out)


# --- events that are taken ------------------------------------------------------------------------

TAKEN: dict[str, str] = {
    "upstream": "event-17",
    "second": "event-17",
    "no-parts": "event-12",
    "tagged": "event-17",
    "chunked": "event-17",
}
"""What upstream sends, and which clause says that it is taken.

``second`` follows ``upstream``, over its connection if that is left open, ``no-parts`` is a request
that is for no resource, ``tagged`` comes from a tagged node, ``chunked`` is sent without a length.
"""
CONTROLS: dict[str, str] = {
    "with-id": "event-11",
    "with-destination": "event-11",
    "without-kubernetes": "event-12",
}
"""Events that upstream does not send, each different from its own in one way.

They need not be taken; but one that is taken where upstream's is not says what was amiss with it.
"""


@case(
    "events/taken",
    "events as upstream sends them are answered 200 and stored",
    level=Level.EVENTS,
    clauses=("event-4", "event-11", "event-12", "event-16", "event-17"),
    needs=(Need.EVENTS,),
    seconds=15.0,
)
def taken(seen: Seen, out: Findings) -> None:
    """Each is stored from its beginning to its end; its ID, if it got one, is its own."""
    posted = {name: exchange for name in (*TAKEN, *CONTROLS) for exchange in seen.named(name)}
    first = posted.get("upstream")
    if first is None:
        asked(seen, "upstream", "event-17", out)
        return
    if first.status == OK:
        for clause in ("event-11", "event-12", "event-17"):
            out.held(clause)
        for name, clause in TAKEN.items():
            if name in posted:
                _taken(posted[name], clause, out)
    else:
        why = [clause for name, clause in CONTROLS.items() if _ok(posted.get(name))]
        if "no-parts" in posted and _ok(posted["no-parts"]):
            why.append("event-12")
        for clause in dict.fromkeys(why or ["event-17"]):
            _taken(first, clause, out)
    honest(seen, list(posted.values()), out)
    _looked(seen, "event-4", out)
    _ids(seen, list(posted.values()), out)


def _ok(exchange: Exchange | None) -> bool:
    return exchange is not None and exchange.status == OK


def _taken(exchange: Exchange, clause: str, out: Findings) -> None:
    what = f"{exchange.name}: an event was {_answer(exchange)}; 200 would be right"
    out.expect(clause, exchange.status == OK, what, *exchange.story())


def _values(kept: Kept) -> Iterator[dict[str, object]]:
    """Yield the JSON objects of which something small in storage consists, if it does."""
    text = kept.data.decode("utf-8", "replace")
    for part in (text, *text.splitlines()):
        try:
            value = json.loads(part)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


def _ids(seen: Seen, posted: list[Exchange], out: Findings) -> None:
    """An ID says where its event lies: events that lie in two places have two IDs."""
    if not _looked(seen, "event-16", out):
        return
    places: dict[str, dict[str, str]] = {}
    read = False
    for exchange in posted:
        for kept in stored(seen, exchange):
            for value in _values(kept):
                if exchange.asked.marker not in json.dumps(value):
                    continue
                read = True
                id_ = value.get("id")
                if isinstance(id_, str) and id_ and not id_.startswith("sent-"):
                    places.setdefault(id_, {})[kept.path] = exchange.name
    for id_, paths in places.items():
        if len(paths) > 1:
            where = ", ".join(f"{name} at {path}" for path, name in paths.items())
            out.broken("event-16", f"one ID, {id_!r}, for events in several places: {where}")
    if read:
        out.held("event-16")


# --- events that are not --------------------------------------------------------------------------

NAMELESS = ("a number", "null", "nothing")
"""Bodies that cannot hold a marker: nobody would find them in storage."""


@case(
    "events/no-object",
    "what is no JSON object is answered 4xx and not stored",
    level=Level.EVENTS,
    clauses=("event-15", "event-4", "event-17"),
    needs=(Need.EVENTS,),
    seconds=15.0,
)
def no_object(seen: Seen, out: Findings) -> None:
    """Whatever is wrong with it."""
    bad = [exchange for exchange in seen.exchanges if exchange.name.startswith("bad: ")]
    if not bad:
        asked(seen, "a body", "event-15", out)
    for exchange in bad:
        lies = visible(exchange)
        refused = exchange.status is not None and 400 <= exchange.status < 500
        what = _answer(exchange) + (f" and stored at {lies[0].path}" if lies else "")
        out.expect(
            "event-15",
            refused and not lies,
            f"{exchange.name}: {what}; a 4xx would be right, and nothing stored",
            *exchange.story(),
        )
    named = [e for e in bad if e.name.removeprefix("bad: ") not in NAMELESS]
    honest(seen, named, out)
    goes_on(seen, out)


def goes_on(seen: Seen, out: Findings) -> None:
    """An event that was taken before is taken afterwards too."""
    before, after = seen.one("before"), seen.one("after")
    if before is None:
        asked(seen, "before", "event-17", out)
    elif not _ok(before):
        out.unseen("event-17", "an event with which nothing is wrong was not taken before")
    elif after is None:
        asked(seen, "after", "event-17", out)
    else:
        _taken(after, "event-17", out)
    honest(seen, [exchange for exchange in (before, after) if exchange is not None], out)
    _looked(seen, "event-4", out)


@case(
    "events/cut",
    "an event whose body breaks off is not answered 200",
    level=Level.EVENTS,
    clauses=("event-4", "event-17"),
    needs=(Need.EVENTS,),
    seconds=15.0,
)
def cut(seen: Seen, out: Findings) -> None:
    """It breaks off by a FIN, after which an answer is still read."""
    lost = [exchange for exchange in seen.exchanges if exchange.cut_at is not None]
    if not lost:
        asked(seen, "a loss", "event-4", out)
    for exchange in lost:
        if exchange.status is None and exchange.gone is None:
            out.unseen("event-4", f"{exchange.name}: neither answered nor closed")
            continue
        out.expect(
            "event-4",
            exchange.status != OK,
            f"{exchange.name}: its body broke off, and was answered 200",
            *exchange.story(),
        )
    goes_on(seen, out)


@case(
    "events/large",
    "large events are stored whole, or not at all and not answered 200",
    level=Level.EVENTS,
    clauses=("event-4", "event-17"),
    needs=(Need.EVENTS,),
    seconds=25.0,
)
def large(seen: Seen, out: Findings) -> None:
    """How large an event may be is for the recorder to say."""
    honest(seen, [e for e in seen.exchanges if e.name.startswith("large: ")], out)
    goes_on(seen, out)


@case(
    "events/storage-gone",
    "an event that cannot be stored is not answered 200",
    level=Level.EVENTS,
    clauses=("event-4",),
    phase=Phase.STORAGE,
    needs=(Need.EVENTS, Need.FRESH, Need.FILESYSTEM, Need.STORE),
    seconds=25.0,
)
def storage_gone(seen: Seen, out: Findings) -> None:
    """The folder is away while an event comes, and back before anybody looks."""
    before = seen.one("before")
    if before is not None and not _ok(before):
        out.unseen("event-4", f"before the storage was gone, an event was {_answer(before)}")
        return
    honest(seen, seen.named("before"), out)
    for exchange in asked(seen, "unstorable", "event-4", out):
        honest(seen, [exchange], out)
        if exchange.status is None and exchange.gone is not None:
            out.held("event-4")
        elif exchange.status is None:
            out.unseen("event-4", "unstorable: not answered")
