"""Cases about acks: when they come, what they count, how they are written."""

from __future__ import annotations

from conformance.cases import Level, Need, case, nothing_more
from conformance.checkers.answers import CADENCE_GRACE
from conformance.checking import Findings
from conformance.exchanges import Exchange, Seen
from conformance.wire import SECOND, Timers

_LIMIT = Timers().ack_cadence + CADENCE_GRACE
TOGETHER = SECOND // 2
"""Frames that come within so many nanoseconds come at once."""
SETTLED = 2 * SECOND
"""Nanoseconds after which what was sent over an idle line was received, whoever is busy."""


def held_back(exchange: Exchange) -> int:
    """Return how many frames said the same at once, after a silence that had room for each.

    0 when there was no such thing. Nothing but a buffer makes frames like these come together.
    """
    frames = exchange.frames
    for gap, start in exchange.gaps():
        after = start + gap
        burst = [f.ack for f in frames if after <= f.at <= after + TOGETHER]
        same = max((burst.count(ack) for ack in burst if ack is not None), default=0)
        if gap >= _LIMIT and same > 1:
            return same
    return 0


def _buffered(seen: Seen, out: Findings) -> None:
    """No ack is held back until there are more of them."""
    taken = [e for e in seen.exchanges if e.upload and e.opened_at is not None]
    for exchange in taken:
        if exchange.frames and exchange.answer_ended_at is not None:
            burst = held_back(exchange)
            out.expect(
                "acks-16",
                not burst,
                f"{exchange.name}: {burst} frames that say the same came at once, after a silence",
                *exchange.story(),
            )


@case(
    "acks/idle",
    "a session over which nothing comes is acked every 5 s",
    level=Level.CORE_V2,
    clauses=("acks-1", "acks-2", "acks-5", "acks-13", "acks-16"),
    needs=(Need.V2,),
    seconds=36.0,
)
def idle(seen: Seen, out: Findings) -> None:
    """Acks come one by one, as they are made."""
    _buffered(seen, out)


case(
    "acks/trickling",
    "a session that is never silent for long is acked every 5 s, like one that is",
    level=Level.CORE_V2,
    clauses=("acks-1", "acks-2", "acks-4"),
    needs=(Need.V2,),
    seconds=36.0,
)(nothing_more)

case(
    "acks/flooded",
    "a session whose output never pauses is acked every 5 s",
    level=Level.CORE_V2,
    clauses=("acks-2", "acks-3", "acks-4"),
    needs=(Need.V2,),
    seconds=20.0,
)(nothing_more)


@case(
    "acks/counting",
    "acks count all bytes of the body that came: none, part of a line, part of a character",
    level=Level.CORE_V2,
    clauses=("acks-3", "acks-4", "acks-6", "acks-7"),
    needs=(Need.V2,),
    seconds=30.0,
)
def counting(seen: Seen, out: Findings) -> None:
    """While nothing is under way, the next ack counts exactly what was sent."""
    exchange = seen.one("main")
    if exchange is None or not exchange.frames:
        return  # that it was not taken, or not acked, is told already
    for begin, end, sent in _silences(exchange):
        acks = [(f.at, f.ack) for f in exchange.frames if begin <= f.at < end]
        settled = [ack for at, ack in acks if at >= begin + SETTLED and ack is not None]
        if sent in (ack for _, ack in acks):
            out.held("acks-6")
        elif settled:
            out.broken(
                "acks-6",
                f"main: {sent} bytes were sent, and {settled[-1]} acked"
                f" {SETTLED // SECOND} s later and more",
                *exchange.story(),
            )
            return


def _silences(exchange: Exchange) -> list[tuple[int, int, int]]:
    """Return the stretches in which nothing was sent: (begin, end, bytes sent so far)."""
    found, total = [], 0
    times = [at for at, _ in exchange.sent] + [exchange.body_ended_at or exchange.asked_at]
    for (at, size), until in zip(exchange.sent, times[1:], strict=True):
        total += size
        found.append((at, until, total))
    return found


@case(
    "acks/gzip",
    "acks are not held back when the client offers gzip, as upstream's does",
    level=Level.CORE_V2,
    clauses=("acks-16",),
    needs=(Need.V2,),
    seconds=20.0,
)
def gzip(seen: Seen, out: Findings) -> None:
    """Acks come at the same times with a coding on offer as without."""
    main, plain = seen.one("main"), seen.one("plain")
    if main is None or plain is None:
        return  # that one was not taken is told already
    _buffered(seen, out)
    without, offered = _first_ack(plain), _first_ack(main)
    if without is None:
        return  # acks that do not come without it either are not held back by it
    out.expect(
        "acks-16",
        offered is not None and offered < without + _LIMIT,
        f"main: the first ack came {_after(offered)} with gzip on offer, and {_after(without)}"
        " without",
        *main.story(),
    )


def _first_ack(exchange: Exchange) -> int | None:
    """Return how long after the 200 the first frame came; None when none came."""
    if exchange.opened_at is None or not exchange.frames:
        return None
    return exchange.frames[0].at - exchange.opened_at


def _after(time: int | None) -> str:
    return "never" if time is None else f"after {time / SECOND:.1f} s"


case(
    "acks/total",
    "the last ack counts the whole body, however it ends, and the answer ends after it",
    level=Level.CORE_V2,
    clauses=("acks-3", "streaming-12"),
    needs=(Need.V2,),
)(nothing_more)
