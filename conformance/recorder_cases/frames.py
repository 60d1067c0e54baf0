"""Cases about HTTP/2's frames, and about many uploads at once: settings, windows, streams."""

from __future__ import annotations

from conformance.cases import Level, Need, case, nothing_more
from conformance.checkers.exchanges import judge_upload
from conformance.checking import Findings
from conformance.exchanges import Exchange, Seen
from conformance.history import AnswerBody
from conformance.probed import FrameSeen, Remarked
from conformance.recorder_cases.heads import asked, unreadable

PUSH = "PUSHPROMISE"
MANY = 100
"""Streams that a connection should carry at once, and connections that a recorder should."""
STREAMS_SETTING = "their MAX_CONCURRENT_STREAMS"
WINDOW = "their window"
USED = "flow-controlled bytes"
MAY_SEND = "the answer may have so many bytes from now on"
MUST_STOP = "the answer may have no more bytes once SETTINGS are acknowledged"
SETTINGS_SENT = "SETTINGS sent"
PING_SENT = "PING sent"
WENT_ON = "what stood still goes on"
ONE_OF_MANY = "one of many"
STANDING = "standing still"
HEADER_LIST_SENT = "MAX_HEADER_LIST_SIZE sent"
HEADER_LIST = 4096
"""Bytes of header list that our smallest client takes, counted as in RFC 9113 section 6.5.2."""


def remarks(seen: Seen, what: str) -> list[str]:
    """Return the values of all remarks of a name."""
    return [
        e.what.value
        for e in seen.of(Remarked)
        if isinstance(e.what, Remarked) and e.what.what == what
    ]


# --- the client's settings ------------------------------------------------------------------------


def overrun(seen: Seen, exchange: Exchange) -> str:
    """Say where an answer overran the windows that the play remarks; empty: nowhere."""
    got, limit, stopping = 0, -1, False
    for event in seen.history:
        match event.what:
            case Remarked(what=what, value=value) if what == MAY_SEND:
                limit = int(value)
            case Remarked(what=what) if what == MUST_STOP:
                stopping = True
            case FrameSeen(frame="SETTINGS", flags=("ACK",)) if stopping:
                limit, stopping = got, False
            case AnswerBody() if event in exchange.answers:
                got += len(event.what.data)
                if got > limit >= 0:
                    return f"{got} bytes of the answer came, the windows let {limit} through"
            case _:
                pass
    return ""


def settings_kept(seen: Seen, out: Findings) -> None:
    """No window is overrun, no frame and no header list is too large, nothing is pushed."""
    for exchange in asked(seen, "main", "v2-11", out):
        story, connection = exchange.story(), exchange.asked.connection
        if exchange.opened_at is None:
            continue  # judged as an upload that should have gone well
        over = overrun(seen, exchange)
        out.expect("v2-11", not over, over, *story)
        strange = unreadable(seen, connection)
        out.expect("v2-11", not strange, "; ".join(strange), *story)
        pushed = seen.frames(connection, PUSH)
        out.expect("v2-11", not pushed, "something was pushed to a client that turned it off")
        size = sum(len(name) + len(value) + 32 for name, value in exchange.headers.items())
        out.expect(
            "v2-11",
            size <= HEADER_LIST or not remarks(seen, HEADER_LIST_SENT),
            f"the answer has a header list of {size} bytes or more, {HEADER_LIST} were allowed",
        )


for _name, _title, _seconds in (
    ("window-in-bits", "with a window of 0 the 200 comes, and acks as far as it is opened", 10.0),
    ("window-shut", "a window that is shut while acks come, and opened again, is kept to", 20.0),
    ("small-settings", "the smallest settings that a client may have are kept to", 15.0),
    ("large-settings", "the large settings of upstream's client are kept to", 15.0),
):
    case(
        f"frames/{_name}",
        _title,
        level=Level.CORE_V2,
        clauses=("v2-11",),
        shows=("v2-11",),
        needs=(Need.V2,),
        seconds=_seconds,
    )(settings_kept)


# --- the recorder's windows -----------------------------------------------------------------------


def window_returned(seen: Seen, out: Findings) -> None:
    """More is taken in than the stream's window held at the beginning."""
    for exchange in asked(seen, "main", "v2-12", out):
        waited = [w for w in exchange.waited if w.what == "window"]
        if waited:
            out.broken(
                "v2-12",
                f"after {exchange.size} bytes no window came for {waited[-1].seconds:g} s",
                *exchange.story(),
            )
            continue
        judge_upload(seen, exchange, "whole", out)
        used, window = remarks(seen, USED), remarks(seen, WINDOW)
        if not used or not window:
            continue  # it broke off otherwise, which is judged already
        if int(used[-1]) > int(window[-1]) and exchange.body_ended_at is not None:
            out.held("v2-12")
        else:
            out.unseen("v2-12", f"its window of {window[-1]} bytes is too large to be used up")


case(
    "frames/window-returned",
    "window is given back for what was read",
    level=Level.CORE_V2,
    clauses=("v2-12",),
    needs=(Need.V2,),
    seconds=40.0,
)(window_returned)
case(
    "frames/padding-returned",
    "window is given back for padding too",
    level=Level.CORE_V2,
    clauses=("v2-12",),
    needs=(Need.V2,),
    seconds=40.0,
)(window_returned)


# --- SETTINGS, PING, GOAWAY -----------------------------------------------------------------------


@case(
    "frames/answers",
    "every SETTINGS is acknowledged and every PING answered, settings that nobody knows included",
    level=Level.CORE_V2,
    clauses=("v2-13",),
    shows=("v2-13",),
    needs=(Need.V2,),
)
def answers(seen: Seen, out: Findings) -> None:
    """As many acknowledgements as SETTINGS, and each PING's bytes come back."""
    for exchange in asked(seen, "main", "v2-13", out):
        if exchange.gone is not None or exchange.opened_at is None:
            continue
        connection, story = exchange.asked.connection, exchange.story()
        sent = len(remarks(seen, SETTINGS_SENT))
        came = sum("ACK" in f.flags for f in seen.frames(connection, "SETTINGS"))
        out.expect(
            "v2-13",
            0 < sent <= came,
            f"{came} SETTINGS were acknowledged of {sent} sent",
            *story,
        )
        pongs = {f.data.hex() for f in seen.frames(connection, "PING") if "ACK" in f.flags}
        silent = [ping for ping in remarks(seen, PING_SENT) if ping not in pongs]
        out.expect("v2-13", not silent, f"PING {' '.join(silent)} was not answered", *story)


case(
    "frames/goaway",
    "a client's GOAWAY lets its upload go on to its end",
    level=Level.CORE_V2,
    clauses=("v2-20",),
    shows=("v2-20",),
    needs=(Need.V2,),
)(nothing_more)


# --- many at once ---------------------------------------------------------------------------------


def _well(seen: Seen, found: list[Exchange], out: Findings) -> None:
    """Judge uploads that went well in every other respect."""
    for exchange in found:
        judge_upload(seen, exchange, "whole", out)


@case(
    "frames/hundred-streams",
    "a hundred uploads go over one connection at once",
    level=Level.CORE_V2,
    clauses=("v2-14",),
    needs=(Need.V2,),
    seconds=20.0,
)
def hundred_streams(seen: Seen, out: Findings) -> None:
    """The setting allows a hundred, and a hundred are taken."""
    allowed = remarks(seen, STREAMS_SETTING)
    if not allowed:
        out.broken("v2-14", "no SETTINGS came", *seen.refused)
        return
    if allowed[-1] != "any" and int(allowed[-1]) < MANY:
        out.broken("v2-14", f"MAX_CONCURRENT_STREAMS is {allowed[-1]}, {MANY} are wanted")
        found = seen.named(ONE_OF_MANY)
    else:
        found = asked(seen, ONE_OF_MANY, "v2-14", out)
    failed = [exchange for exchange in found if exchange.trouble]
    _well(seen, [exchange for exchange in found if not exchange.trouble], out)
    if failed:
        why = f"{len(failed)} of {len(found)} uploads over one connection did not go well"
        out.broken("v2-14", f"{why}; the first: {failed[0].trouble}", *failed[0].story())
    elif found:
        out.held("v2-14")


def still(seen: Seen, out: Findings) -> None:
    """Those beside the one that stands still go well while it does."""
    standing = asked(seen, STANDING, "streaming-14", out)
    if not standing or any(exchange.opened_at is None for exchange in standing):
        return  # judged as an upload that should have gone well; nothing stood still
    found = asked(seen, ONE_OF_MANY, "streaming-14", out)
    went_on = next((e.at for e in seen.of(Remarked) if e.what == Remarked(what=WENT_ON)), None)
    # Who is full may say so: the client tries the next recorder. But silence holds it up.
    refused = [exchange for exchange in found if _turned_away(exchange)]
    failed = [
        exchange
        for exchange in found
        if exchange not in refused and (exchange.trouble or _after(exchange, went_on))
    ]
    well = [exchange for exchange in found if exchange not in refused and exchange not in failed]
    _well(seen, well, out)
    if failed:
        why = failed[0].trouble or "it ended when the other went on"
        out.broken(
            "streaming-14",
            f"{len(failed)} of {len(found)} uploads were held up by one that stood still;"
            f" the first: {why}",
            *failed[0].story(),
        )
    elif well:
        out.held("streaming-14")
    elif refused:
        why = f"all {len(found)} uploads were refused while one stood still"
        out.broken("streaming-14", why, *refused[0].story())


def _turned_away(exchange: Exchange) -> bool:
    """Tell whether an upload was refused at once, in whatever way."""
    return exchange.opened_at is None and (exchange.status is not None or exchange.ended_by_target)


def _after(exchange: Exchange, went_on: int | None) -> bool:
    """Tell whether an upload ended only when the one that stood still went on."""
    ended = exchange.answer_ended_at
    return ended is not None and went_on is not None and ended > went_on


case(
    "frames/standing-still",
    "a stream that is not read holds up no other of its connection",
    level=Level.CORE_V2,
    clauses=("streaming-14",),
    needs=(Need.V2,),
    seconds=20.0,
)(still)
case(
    "frames/hundred-connections",
    "a hundred connections carry an upload each, beside ones that stand still",
    level=Level.CORE_V1,
    clauses=("streaming-14",),
    seconds=20.0,
)(still)
