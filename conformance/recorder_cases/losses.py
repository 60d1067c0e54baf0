"""Cases about losses: uploads that break off at every point.

A client that is killed, unplugged or tired leaves in the middle of anything. What came is kept,
nothing is taken for more than it is, and nobody else notices.
"""

from __future__ import annotations

from conformance.cases import WHY_NOT, Level, Need, case
from conformance.checking import Findings
from conformance.exchanges import OK, Exchange, Seen
from conformance.recorder_cases.heads import asked
from conformance.wire import SECOND

CODES = (*range(14), 0x5EC)
"""The error codes of RFC 9113 section 7, and one that nobody knows."""
GOAWAY_CODES = (0, 2, 11, 0x5EC)
STILL = 3 * SECOND
"""What comes over a stream so long after its reset was not under way before."""


def _cut(seen: Seen, clause: str, out: Findings) -> list[Exchange]:
    """Return the uploads that were broken off; none: say of `clause` why."""
    begun = [exchange for exchange in seen.exchanges if exchange.asked.intent == "cut"]
    cut = [exchange for exchange in begun if exchange.cut_at is not None]
    if not begun:
        reached(seen, "a loss", clause, out)
    elif not cut:
        out.broken(clause, f"no upload could be made: {begun[0].trouble}", *begun[0].story())
    return cut


def reached(seen: Seen, name: str, clause: str, out: Findings) -> None:
    """Say that there is nothing of a name to judge, unless what stopped the play is told."""
    if not any(exchange.trouble for exchange in seen.exchanges if exchange.asked.intent == "whole"):
        asked(seen, name, clause, out)


def _told(out: Findings, clause: str, what: str, exchanges: list[Exchange]) -> None:
    """Tell of all uploads that break a clause alike, with the first one's story."""
    if exchanges:
        names = ", ".join(exchange.name for exchange in exchanges)
        out.broken(clause, f"{names}: {what}", *exchanges[0].story())


def _kept(seen: Seen, out: Findings) -> None:
    """Say where nothing can be known of what is kept."""
    if seen.case is None or Need.STORE not in seen.case.has:
        out.unseen("storage-16", WHY_NOT[Need.STORE])


# --- streams --------------------------------------------------------------------------------------


def streams(seen: Seen, out: Findings) -> None:
    """A stream that was reset is over, and its recording is not complete."""
    ended, still = [], []
    for exchange in _cut(seen, "v2-17", out):
        if exchange.cut != "stream" or exchange.body_ended_at is not None:
            continue
        since = (exchange.cut_at or 0) + STILL
        if exchange.answer_ended_at is not None and not exchange.error:
            ended.append(exchange)
        elif any(frame.at >= since and not frame.error for frame in exchange.frames):
            still.append(exchange)
        elif exchange.gone is None:  # otherwise nothing could come any more
            out.held("v2-17")
    _told(
        out, "v2-17", "it was reset before its end, and its answer ended as if all were well", ended
    )
    _told(out, "v2-17", "it was reset, and is acked seconds later still", still)
    for name in ("main", "after"):
        reached(seen, name, "v2-17", out)
    _kept(seen, out)


case(
    "losses/stream",
    "streams are reset at every point of an upload, and their connection goes on",
    level=Level.CORE_V2,
    clauses=("v2-17", "storage-16"),
    shows=("v2-17",),
    needs=(Need.V2,),
    seconds=20.0,
)(streams)

case(
    "losses/stream-codes",
    "streams are reset with every error code, and their connection goes on",
    level=Level.CORE_V2,
    clauses=("v2-17", "storage-16"),
    shows=("v2-17",),
    needs=(Need.V2,),
    seconds=20.0,
)(streams)


# --- connections ----------------------------------------------------------------------------------


def broken_off(seen: Seen, out: Findings) -> None:
    """What came is kept, and nobody else notices: what all uploads must keep."""
    _cut(seen, "storage-16", out)
    undisturbed(seen, out)
    _kept(seen, out)


def undisturbed(seen: Seen, out: Findings) -> None:
    """The neighbour and the next upload go as if nothing had been."""
    for name in ("neighbour", "after"):
        reached(seen, name, "storage-5", out)


case(
    "losses/v2-tcp",
    "connections break at every point of an upload over v2, by FIN and by reset",
    level=Level.CORE_V2,
    clauses=("storage-16", "storage-5"),
    needs=(Need.V2,),
    seconds=15.0,
)(broken_off)

case(
    "losses/goaway",
    "a client says GOAWAY and leaves its uploads",
    level=Level.CORE_V2,
    clauses=("storage-16", "storage-5"),
    needs=(Need.V2,),
    seconds=15.0,
)(broken_off)

case(
    "losses/v2-heads",
    "connections break before and in the frames that begin an upload over v2",
    level=Level.CORE_V2,
    clauses=("storage-5",),
    needs=(Need.V2,),
)(undisturbed)

case(
    "losses/v1-tcp",
    "connections break at every point of an upload over v1, in the framing of its chunks too",
    level=Level.CORE_V1,
    clauses=("storage-16", "storage-5"),
    needs=(Need.V1,),
    seconds=15.0,
)(broken_off)

case(
    "losses/v1-heads",
    "connections break before and in the head of an upload over v1",
    level=Level.CORE_V1,
    clauses=("storage-5",),
    needs=(Need.V1,),
)(undisturbed)


@case(
    "losses/v1-half",
    "a client over v1 says FIN before the last chunk, and reads what is answered",
    level=Level.CORE_V1,
    clauses=("v1-10", "storage-16", "storage-5"),
    needs=(Need.V1,),
    seconds=15.0,
)
def v1_half(seen: Seen, out: Findings) -> None:
    """Whatever is answered, it is not 200."""
    taken, silent = [], []
    for exchange in _cut(seen, "v1-10", out):
        if exchange.body_ended_at is not None:
            continue
        cut = exchange.cut_at or 0
        if any(status == OK and at >= cut for at, status in exchange.statuses):
            taken.append(exchange)
        elif exchange.gone is not None or exchange.status is not None:
            out.held("v1-10")
        else:
            silent.append(exchange.name)
    _told(out, "v1-10", "its body broke off before its last chunk, and was answered 200", taken)
    if silent:
        out.unseen("v1-10", f"neither answered nor closed after a FIN: {', '.join(silent)}")
    undisturbed(seen, out)
    _kept(seen, out)
