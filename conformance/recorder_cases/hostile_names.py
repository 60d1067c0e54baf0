"""Cases about what a client claims of itself: names that lead astray, times, headers, scripts.

A recorder may refuse such a recording, or keep it under a name that is its own: both are right.
What must not be is that it lies outside the base path, that two nodes share a folder, that what was
answered with success is nowhere, or that anybody else notices.
"""

from __future__ import annotations

from html.parser import HTMLParser

from conformance.cases import Level, Need, Phase, case
from conformance.checkers.aftermath import judge_aftermath
from conformance.checking import Findings
from conformance.exchanges import Exchange, Seen
from conformance.hostile_names import EVENTS, FIELDS, LINES, NESTED, NODES, TIMES, TRAVERSALS
from conformance.probed import Kept, Remarked, Strayed
from conformance.recorder_cases.hostile_http1 import REFUSED, reached, reaction

LOOKED = "looked outside"
"""Remarked once it was searched for what lies outside the base path."""
BLIND = "could not look outside"
SCRIPT = "\"'></title></textarea></script><img src=x onerror=recspec('%s')>"
"""What a browser would run, wherever in a page it stands as it is; with the upload's marker."""
PAGE = "a page of the UI"


def refused(exchange: Exchange) -> bool:
    """Tell whether an upload was refused, before or after it was taken."""
    return (
        bool(exchange.error)
        or exchange.ended_by_target
        or (exchange.status is not None and exchange.status >= REFUSED)
        or (exchange.answer_ended_at is not None and exchange.body_ended_at is None)
    )


def whole(exchange: Exchange) -> list[Kept]:
    """Return what storage holds that is all of an upload."""
    return [kept for kept in exchange.kept if kept.agrees >= exchange.size]


# --- what all of them must keep -------------------------------------------------------------------


def judge_names(names: tuple[str, ...], seen: Seen, out: Findings) -> list[Exchange]:
    """Judge uploads that may be refused or kept; return those that were kept."""
    kept = []
    strayed = {e.what.marker for e in seen.of(Strayed) if isinstance(e.what, Strayed)}
    for name in names:
        exchange = reached(seen, name, "hostile-3", out)
        if exchange is None:
            continue
        taken = exchange.succeeded
        out.expect(
            "hostile-3",
            taken or refused(exchange),
            f"{name}: the upload was neither taken nor refused",
            *exchange.story(),
        )
        if not (taken and exchange.size and exchange.looked) or exchange.asked.marker in strayed:
            continue
        if whole(exchange):
            kept.append(exchange)
        elif exchange.kept:
            best = max(exchange.kept, key=lambda k: k.agrees)
            out.broken(
                "storage-1",
                f"{name}: {best.path} differs from what was sent at byte {best.agrees}",
                *exchange.story(),
            )
        else:
            out.broken(
                "storage-2",
                f"{name}: answered with success, and stored nowhere below the base path",
                *exchange.story(),
            )
    judge_aftermath("hostile-3", seen, out, memory="hostile-13")
    return kept


def judge_outside(seen: Seen, out: Findings) -> None:
    """Judge that nothing lies outside the base path."""
    told = {e.what.what for e in seen.of(Remarked) if isinstance(e.what, Remarked)}
    strays = [e.what for e in seen.of(Strayed) if isinstance(e.what, Strayed)]
    by_marker = {e.asked.marker: e for e in seen.exchanges if e.asked.marker}
    for stray in strays:
        exchange = by_marker.get(stray.marker)
        out.broken(
            "hostile-1",
            f"{exchange.name if exchange else 'a name'}: it led out of the base path, to"
            f" {stray.path}",
            *(exchange.story() if exchange else ()),
        )
    if LOOKED in told and any(e.upload or e.asked.name in EVENT_NAMES for e in seen.exchanges):
        out.held("hostile-1")
    elif BLIND in told and not strays:
        out.unseen("hostile-1", "what lies beside the base path cannot be read")
    elif not strays:
        if seen.refused:
            out.broken("hostile-1", "no connection could be made", *seen.refused[:3])
        else:
            out.unknown("hostile-1", "the play did not come so far")


# --- where it lies --------------------------------------------------------------------------------


@case(
    "hostile/names-traversal",
    "no NodeID leads out of the base path, however it is written",
    level=Level.HARDENED,
    clauses=("hostile-1", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.STORE,),
)
def traversal(seen: Seen, out: Findings) -> None:
    """Nothing appears beside the base path, or where an absolute path leads."""
    judge_outside(seen, out)
    judge_names(tuple(what for what, _ in TRAVERSALS), seen, out)


def fields_of() -> tuple[str, ...]:
    """Return the names of the uploads with paths in other fields."""
    return (
        *(f"{key} leads up" for key in FIELDS),
        *(f"{key} is an absolute path" for key in FIELDS),
        *(f"{outer}.{inner} leads up" for outer, inner in NESTED),
        "a tag leads up",
    )


@case(
    "hostile/names-fields",
    "no other field of the header leads out of the base path",
    level=Level.HARDENED,
    clauses=("hostile-1", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.STORE,),
)
def fields(seen: Seen, out: Findings) -> None:
    """Nothing appears outside."""
    judge_outside(seen, out)
    judge_names(fields_of(), seen, out)


@case(
    "hostile/names-times",
    "timestamps that are no times lead nowhere and bring nobody down",
    level=Level.HARDENED,
    clauses=("hostile-1", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.STORE,),
)
def times(seen: Seen, out: Findings) -> None:
    """Each is taken or refused, and what is taken is below the base path."""
    judge_outside(seen, out)
    judge_names(tuple(what for what, _ in TIMES), seen, out)


@case(
    "hostile/names-lines",
    "header lines that are none, or are not UTF-8, lead nowhere and bring nobody down",
    level=Level.HARDENED,
    clauses=("hostile-1", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.STORE,),
)
def lines(seen: Seen, out: Findings) -> None:
    """Each is taken and kept as it came, or refused."""
    judge_outside(seen, out)
    judge_names(tuple(line.what for line in LINES), seen, out)


EVENT_NAMES = tuple(f"an event whose {'.'.join(filter(None, place))} leads up" for place in EVENTS)


@case(
    "hostile/names-events",
    "no field of an event leads out of the base path",
    level=Level.HARDENED,
    clauses=("hostile-1", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.STORE, Need.EVENTS),
)
def events(seen: Seen, out: Findings) -> None:
    """Each is answered, and nothing appears outside."""
    judge_outside(seen, out)
    for name in EVENT_NAMES:
        exchange = reached(seen, name, "hostile-3", out)
        if exchange is not None:
            out.expect(
                "hostile-3",
                exchange.status is not None or exchange.gone is not None,
                f"{name}: it was {reaction(exchange)}",
                *exchange.story(),
            )
    judge_aftermath("hostile-3", seen, out, memory="hostile-13")


# --- whose it is ----------------------------------------------------------------------------------


@case(
    "hostile/names-nodes",
    "NodeIDs that cannot be names are refused, or get names that no other node has",
    level=Level.HARDENED,
    clauses=("hostile-2", "hostile-3", "hostile-13"),
    shows=("hostile-3",),
    phase=Phase.HOSTILE,
    needs=(Need.STORE,),
    seconds=15.0,
)
def nodes(seen: Seen, out: Findings) -> None:
    """No two of them share a folder."""
    kept = judge_names(tuple(what for what, _ in NODES), seen, out)
    why = _not_by_source(seen)
    if why:
        out.unseen("hostile-2", why)
        return
    if not any(exchange.name in dict(NODES) for exchange in seen.exchanges):
        out.unknown("hostile-2", "no upload was made")
        return
    out.held("hostile-2")
    first: dict[str, Exchange] = {}
    for exchange in kept:
        folder = _folder(exchange)
        other = first.setdefault(folder, exchange)
        if other is not exchange:
            out.broken(
                "hostile-2",
                f"{exchange.name}: it lies in {_short(folder)}, and so does {other.name}; each has"
                " to be refused or get a name of its own",
                *exchange.story(),
            )


def _not_by_source(seen: Seen) -> str:
    """Say why folders say nothing of NodeIDs; empty: they do."""
    if seen.case is None or not seen.case.layout:
        return "the profile says that recordings do not lie at NodeID/timestamp.cast"
    if seen.case.node_id == "server":
        return "the profile says that NodeID names the server's node"
    plain = [e for e in (seen.one("neighbour"), seen.one("after")) if e is not None and whole(e)]
    if seen.case.node_id == "any" and (len(plain) < 2 or _folder(plain[0]) == _folder(plain[1])):
        return "recordings of two nodes with plain names lie in one folder: srcNodeID names none"
    return ""


def _folder(exchange: Exchange) -> str:
    return whole(exchange)[0].path.rpartition("/")[0]


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:60]}…{text[-15:]}"


# --- who looks at it ------------------------------------------------------------------------------


@case(
    "hostile/ui-script",
    "script in a recording comes back from the UI as text",
    level=Level.HARDENED,
    clauses=("ui-4",),
    phase=Phase.HOSTILE,
    needs=(Need.UI,),
    seconds=20.0,
)
def script(seen: Seen, out: Findings) -> None:
    """No page of the UI that a browser would render holds it as markup."""
    pages = seen.named(PAGE)
    upload = seen.one("script")
    if upload is None or not upload.succeeded:
        out.unseen("ui-4", "the recording with the script was not taken")
        return
    if not any(page.status == 200 for page in pages):
        out.unknown("ui-4", "no page of the UI could be read", *seen.refused[:3])
        return
    marker = upload.asked.marker
    shown = [page for page in pages if marker.encode() in page.body]
    if not shown:
        out.unseen("ui-4", f"none of {len(pages)} pages of the UI shows the recording")
    for page in shown:
        out.expect(
            "ui-4",
            not (_rendered(page) and _runs(page.body.decode("utf-8", "replace"), marker)),
            f"{page.asked.path}: what stands in the recording is markup in it, and would be run",
            *page.story(),
        )


def _rendered(page: Exchange) -> bool:
    """Tell whether a browser would take an answer for a page; without a type it may guess so."""
    kind = page.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind:
        return page.headers.get("x-content-type-options", "").lower() != "nosniff"
    return kind in ("text/html", "application/xhtml+xml", "image/svg+xml", "text/xml")


class _Reader(HTMLParser):
    """Reads a page as a browser does, looking for the element of `SCRIPT`."""

    def __init__(self, marker: str) -> None:
        super().__init__()
        self._marker = marker
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an element."""
        self.found = self.found or (
            tag == "img" and any(k == "onerror" and self._marker in (v or "") for k, v in attrs)
        )


def _runs(page: str, marker: str) -> bool:
    reader = _Reader(marker)
    reader.feed(page)
    reader.close()
    return reader.found
