"""What every exchange with a recorder must keep, whatever case it is part of.

Uploads whose intent is ``whole`` must be taken, acked, ended and stored, ``slow`` ones too, but at
times of the probe's own making; of one that is ``cut`` what came is kept; one that is ``refused`` leaves nothing; ``free`` ones are the case's own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from conformance.cases import Case
from conformance.checkers.wire import frames
from conformance.checking import Findings
from conformance.exchanges import OK, Exchange, Seen
from conformance.history import Late
from conformance.probed import Kept
from conformance.wire import SECOND, Timers

CADENCE_GRACE = SECOND
"""How much later than 5 s an ack may come before a SHOULD is broken (D1)."""
_PATH = re.compile(
    r"(?P<node>[^/]+)/(?P<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z(?P<more>[^/]*)\.cast"
)
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


class _Header(msgspec.Struct):
    timestamp: int
    node_id: str = msgspec.field(name="srcNodeID")


def judge_exchanges(case: Case, seen: Seen, out: Findings) -> None:
    """Judge all exchanges of a case."""
    for exchange in seen.exchanges:
        if exchange.upload:
            judge_upload(case, seen, exchange, exchange.asked.intent, out)


def judge_upload(case: Case, seen: Seen, exchange: Exchange, intent: str, out: Findings) -> None:
    """Judge one upload by an intent, its own or the one that a case finds out it had."""
    match intent:
        case "whole" | "slow":
            _whole(case, exchange, out)
            _answer(seen, exchange, out, timed=intent == "whole")
        case "cut":
            _cut(exchange, out)
            _answer(seen, exchange, out)
        case "refused":
            _refused(exchange, out)
        case _:
            pass
    if exchange.looked:
        _layout(seen, exchange, out)


def _whole(case: Case, exchange: Exchange, out: Findings) -> None:
    """An upload with which nothing is wrong is taken, ended and stored."""
    trouble = exchange.trouble
    main = exchange.name in ("main", "neighbour", "after")
    if not trouble:
        out.held("v2-2" if exchange.v2 else "v1-2")
        out.held("streaming-12" if exchange.v2 else "v1-3")
        out.held("storage-5")
        for clause in case.shows if main else ():
            out.held(clause)
    else:
        for clause in (case.shows if main else ()) or _blamed(exchange):
            out.broken(clause, f"{exchange.name}: {trouble}", *exchange.story())
    if not exchange.looked or not exchange.succeeded:
        return
    _stored(exchange, out)


def _blamed(exchange: Exchange) -> tuple[str, ...]:
    """Say which clause an upload breaks that should have gone well, outside its case's subject."""
    if exchange.opened_at is None and exchange.status in (None, OK):
        return ("v2-2",) if exchange.v2 else ("v1-2",)
    return ("storage-5",)


def _stored(exchange: Exchange, out: Findings) -> None:
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
    if exchange.size:
        # A TCP reset may overtake what the recorder's kernel had received: only acked bytes count.
        least = exchange.acked if exchange.cut == "reset" else exchange.size
        most = max((kept.agrees for kept in exchange.kept if kept.whole), default=0)
        out.expect(
            "storage-16",
            most >= least,
            f"{exchange.name}: {most} bytes kept of {least} that were received",
            *story,
        )


def _refused(exchange: Exchange, out: Findings) -> None:
    """What was refused leaves nothing behind."""
    if exchange.looked and exchange.opened_at is None:
        out.expect(
            "hostile-17",
            not exchange.kept,
            f"{exchange.name}: it was refused, and yet stored: "
            + ", ".join(kept.path for kept in exchange.kept),
            *exchange.story(),
        )


# --- the answer -----------------------------------------------------------------------------------


def _answer(seen: Seen, exchange: Exchange, out: Findings, *, timed: bool = True) -> None:
    """The frames of a v2 answer: their form, their numbers, their times."""
    if not exchange.v2 or exchange.opened_at is None:
        return
    story = exchange.story()
    found = exchange.frames
    rest = frames(exchange.answers)[1]
    shapes = all(frame.ack is not None or frame.error for frame in found)
    errors = [frame for frame in found if frame.error]
    # What is cut off with the answer is the reset's doing, not the frame's.
    out.expect(
        "acks-5",
        shapes and not (rest and exchange.answer_ended_at) and errors in ([], found[-1:]),
        f"{exchange.name}: an answer holds something other than ack frames",
        *story,
    )
    _numbers(exchange, out)
    if exchange.succeeded:
        last = next((f.ack for f in reversed(found) if f.ack is not None), None)
        out.expect(
            "acks-3",
            last == exchange.size,
            f"{exchange.name}: the last ack is {last}, the body has {exchange.size} bytes",
            *story,
        )
    for limit, clause in (
        (Timers().ack_window, "acks-1"),
        (Timers().ack_cadence + CADENCE_GRACE, "acks-2"),
    ):
        if not timed:
            break
        _gaps(seen, exchange, limit, clause, out)


def _numbers(exchange: Exchange, out: Findings) -> None:
    before, sent, index = 0, 0, 0
    out.held("acks-4")
    for frame in exchange.frames:
        while index < len(exchange.sent) and exchange.sent[index][0] <= frame.at:
            sent += exchange.sent[index][1]
            index += 1
        if frame.ack is None:
            continue
        if frame.ack < before:
            out.broken("acks-4", f"{exchange.name}: the ack fell from {before} to {frame.ack}")
        if frame.ack > sent:
            out.broken("acks-4", f"{exchange.name}: {frame.ack} bytes acked of {sent} sent")
        before = frame.ack


def _gaps(seen: Seen, exchange: Exchange, limit: int, clause: str, out: Findings) -> None:
    long = [(gap, start) for gap, start in exchange.gaps() if gap >= limit]
    late = [(e.at, e.what.by) for e in seen.history if isinstance(e.what, Late)]
    spoiled = [
        (gap, start)
        for gap, start in long
        if gap - sum(by for at, by in late if start <= at <= start + gap + by) < limit
    ]
    if spoiled and len(spoiled) == len(long):
        out.void(clause, f"{exchange.name}: our own loop was late while acks were awaited")
        return
    out.expect(
        clause,
        not long,
        f"{exchange.name}: {max((gap for gap, _ in long), default=0) / SECOND:.1f} s between two"
        " frames",
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
        try:
            header = msgspec.json.decode(kept.data.partition(b"\n")[0], type=_Header)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # a header that is hostile, or too long to be noted
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
