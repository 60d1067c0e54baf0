"""What every exchange with a recorder must keep, whatever case it is part of.

Uploads whose intent is ``whole`` must be taken, acked, ended and stored, ``slow`` ones too, but at
times of the probe's own making; of one that is ``cut`` what came is kept; one that is ``refused``
leaves nothing; ``free`` ones are the case's own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from conformance.cases import Case
from conformance.checkers.answers import judge_answer, judge_form
from conformance.checking import Findings
from conformance.exchanges import OK, Exchange, Seen
from conformance.probed import Kept

_PATH = re.compile(
    r"(?P<node>[^/]+)/(?P<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z(?P<more>[^/]*)\.cast"
)
_PLAIN = re.compile(r"n[A-Za-z0-9]{5,63}")
"""A NodeID like the control plane's own, which can be a name as it is."""
_LATEST = 253_402_300_799
"""9999-12-31T23:59:59Z, the last second that RFC 3339 can tell."""


class _Header(msgspec.Struct):
    timestamp: int
    node_id: str = msgspec.field(name="srcNodeID")


def judge_exchanges(case: Case, seen: Seen, out: Findings) -> None:
    """Judge all exchanges of a case."""
    for exchange in seen.exchanges:
        if exchange.upload:
            judge_upload(seen, exchange, exchange.asked.intent, out, shows=case.shows)
    _there(case, seen, out)


def _there(case: Case, seen: Seen, out: Findings) -> None:
    """A recorder still takes connections, also after whatever was done to it."""
    if seen.one("neighbour") is not None and seen.one("after") is None:
        for clause in case.shows or ("storage-5",):
            out.broken(clause, "afterwards it took no new session", *seen.refused)
    elif not seen.exchanges and seen.refused:
        out.broken("storage-5", "no connection could be made", *seen.refused)


def judge_upload(
    seen: Seen, exchange: Exchange, intent: str, out: Findings, *, shows: tuple[str, ...] = ()
) -> None:
    """Judge one upload by an intent, its own or the one that a case finds out it had.

    `shows` is what the case says that its uploads show (`Case.shows`).
    """
    match intent:
        case "whole" | "slow":
            _whole(shows, exchange, out)
            judge_answer(seen, exchange, out, timed=intent == "whole")
        case "cut":
            _cut(exchange, out)
            judge_answer(seen, exchange, out)
        case "refused":
            _refused(exchange, out)
        case _:
            judge_form(exchange, out)
    if exchange.looked:
        _layout(seen, exchange, out)


def _whole(shows: tuple[str, ...], exchange: Exchange, out: Findings) -> None:
    """An upload with which nothing is wrong is taken, ended and stored."""
    trouble = exchange.trouble
    shown = shows if exchange.name in ("main", "neighbour", "after") else ()
    if not trouble:
        out.held("v2-2" if exchange.v2 else "v1-2")
        if exchange.v2:
            out.held("streaming-12")
        else:
            _final(exchange, out)
        out.held("storage-5")
        for clause in shown:
            out.held(clause)
    else:
        for clause in shown or _blamed(exchange):
            out.broken(clause, f"{exchange.name}: {trouble}", *exchange.story())
    if not exchange.looked or not exchange.succeeded:
        return
    judge_stored(exchange, out)


def _final(exchange: Exchange, out: Findings) -> None:
    """The 200 of v1 comes after the end of the body: before it there is nothing to vouch for."""
    ended = exchange.body_ended_at or 0
    out.expect(
        "v1-3",
        all(at >= ended for at, status in exchange.statuses if status == OK),
        f"{exchange.name}: the 200 came before the end of the body",
        *exchange.story(),
    )


def _blamed(exchange: Exchange) -> tuple[str, ...]:
    """Say which clause an upload breaks that should have gone well, outside its case's subject."""
    if exchange.opened_at is None and exchange.status in (None, OK):
        return ("v2-2",) if exchange.v2 else ("v1-2",)
    if not exchange.v2 and exchange.status == OK and exchange.body_ended_at is None:
        return ("v1-3",)
    early = exchange.answer_ended_at is not None and exchange.body_ended_at is None
    endless = exchange.body_ended_at is not None and exchange.answer_ended_at is None
    unasked = early or (endless and not exchange.ended_by_target)
    if unasked and exchange.status in (None, OK) and not exchange.error:
        return ("streaming-12",) if exchange.v2 else ("v1-3",)
    return ("storage-5",)


def judge_stored(exchange: Exchange, out: Findings) -> None:
    """An upload that was answered with success lies in storage as it was sent."""
    story = exchange.story()
    whole = [kept for kept in exchange.kept if kept.whole]
    if not whole:
        what = "only as something unfinished" if exchange.kept else "nowhere"
        out.broken("storage-2", f"{exchange.name}: stored {what}", *story)
        return
    kept = max(whole, key=lambda k: k.agrees)
    out.expect(
        "storage-3",
        len(whole) == 1 and not kept.others,
        f"{exchange.name}: {_mixed(whole)}",
        *story,
    )
    out.expect(
        "storage-1",
        kept.agrees >= min(kept.size, exchange.size),
        f"{exchange.name}: {kept.path} differs from what was sent at byte {kept.agrees}",
        *story,
    )
    out.expect(
        "storage-2",
        kept.size >= exchange.size or kept.agrees < kept.size,
        f"{exchange.name}: {kept.size} bytes stored of {exchange.size} sent",
        *story,
    )
    if kept.size > exchange.size and kept.agrees == exchange.size:
        out.broken(
            "storage-1",
            f"{exchange.name}: {kept.path} has {kept.size - exchange.size} bytes more than sent",
            *story,
        )


def _mixed(whole: list[Kept]) -> str:
    if len(whole) > 1:
        return f"it lies in {len(whole)} recordings: {', '.join(kept.path for kept in whole)}"
    return f"{whole[0].path} holds other uploads too: {', '.join(whole[0].others)}"


def _cut(exchange: Exchange, out: Findings) -> None:
    """What came of an upload that broke off is kept, and what is kept is what came."""
    if exchange.opened_at is None:
        for clause in _blamed(exchange):
            out.broken(clause, f"{exchange.name}: {exchange.trouble}", *exchange.story())
        return
    if not exchange.looked or exchange.cut_at is None:
        return
    story = exchange.story()
    for kept in exchange.kept:
        out.expect(
            "storage-1",
            kept.agrees == kept.size,
            f"{exchange.name}: {kept.path} differs from what was sent at byte {kept.agrees}",
            *story,
        )
        out.expect("storage-3", not kept.others, f"{exchange.name}: {_mixed([kept])}", *story)
    least = exchange.received
    if least:
        most = max((kept.agrees for kept in exchange.kept if kept.whole), default=0)
        out.expect(
            "storage-16",
            most >= least,
            f"{exchange.name}: {most} bytes kept of {least} that were received",
            *story,
        )


def _refused(exchange: Exchange, out: Findings) -> None:
    """What was refused leaves nothing behind; what was taken after all was not refused."""
    if exchange.looked and exchange.turned_away:
        out.expect(
            "hostile-17",
            not exchange.kept,
            f"{exchange.name}: it was refused, and yet stored: "
            + ", ".join(kept.path for kept in exchange.kept),
            *exchange.story(),
        )


# --- where it lies --------------------------------------------------------------------------------


def _layout(seen: Seen, exchange: Exchange, out: Findings) -> None:
    """A recording lies at NodeID/timestamp.cast, and both say what its header says."""
    if seen.case is None or not seen.case.layout:
        return
    for kept in exchange.kept:
        if not kept.whole:
            continue
        found = _PATH.fullmatch(kept.path)
        out.expect(
            "storage-4",
            found is not None,
            f"{exchange.name}: {kept.path} is not NodeID/timestamp.cast",
        )
        if found is None:
            continue
        line = kept.data.partition(b"\n")[0]
        try:
            line.decode()  # what is no UTF-8 anywhere is no header
            header = msgspec.json.decode(line, type=_Header)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue  # a header that is hostile, or too long to be noted
        if not 0 < header.timestamp <= _LATEST:
            continue  # a start that RFC 3339 cannot tell
        second = datetime.fromtimestamp(header.timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        out.expect(
            "storage-7",
            found["second"] == second and not found["more"],
            f"{exchange.name}: {kept.path}, and the recording began at {second}Z",
        )
        if seen.case.node_id == "source" and _PLAIN.fullmatch(header.node_id):
            out.expect(
                "storage-10",
                found["node"] == header.node_id,
                f"{exchange.name}: it lies in {found['node']}, the node is {header.node_id}",
            )
