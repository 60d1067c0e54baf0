"""Cases about recorders that are killed and started again: what was acked, what was whole."""

from __future__ import annotations

from conformance.cases import Level, Need, Phase, case
from conformance.checkers.exchanges import judge_stored
from conformance.checking import Findings
from conformance.exchanges import Exchange, Seen
from conformance.probed import Kept, Signalled

FIRST = "the end of the upload"
"""What `Kept.after` says of the first look at a recording."""
_NEEDS = (Need.FILESYSTEM, Need.FRESH, Need.KILL)


def runs_again(seen: Seen, clause: str, out: Findings) -> bool:
    """Tell whether the recorder was killed and served again each time; say so if not."""
    signals = [event.what for event in seen.history if isinstance(event.what, Signalled)]
    restarts = [signal for signal in signals if signal.what == "restart"]
    if any(not signal.ready for signal in restarts):
        out.broken(clause, "the recorder did not serve again after it was killed")
        return False
    if not restarts:
        out.unknown(clause, "the recorder was not killed and started again")
        return False
    return True


def judge_prefix(exchange: Exchange, out: Findings) -> None:
    """Judge what lies in storage, after the restart, of an upload that the kill broke off."""
    story = exchange.story()
    shown = [kept for kept in exchange.kept if kept.whole]
    for kept in shown:
        out.expect(
            "storage-9" if exchange.acked else "storage-1",
            kept.agrees == kept.size,
            f"{exchange.name}: {kept.path} is no prefix of what was sent: it differs at byte"
            f" {kept.agrees}",
            *story,
        )
        out.expect(
            "storage-3",
            len(shown) == 1 and not kept.others,
            f"{exchange.name}: it lies in {len(shown)} recordings"
            if len(shown) > 1
            else f"{exchange.name}: {kept.path} holds other uploads too",
            *story,
        )
    if not exchange.acked:
        return
    most = max((kept.agrees for kept in shown), default=0)
    hidden = max((kept.agrees for kept in exchange.kept if not kept.whole), default=0)
    more = f", and {hidden} in something unfinished" if hidden > most else ""
    out.expect(
        "storage-9",
        most >= exchange.acked,
        f"{exchange.name}: {most} bytes are in storage{more} after the restart, {exchange.acked}"
        " were acked",
        *story,
    )


def _killed(seen: Seen, out: Findings, *, acked: bool) -> None:
    """Judge all uploads that a kill broke off; `acked`: at least one of them must have acks."""
    clause = "storage-9" if acked else "storage-5"
    if not runs_again(seen, clause, out):
        return
    uploads = [e for e in seen.exchanges if e.asked.intent == "free" and e.upload and e.looked]
    for exchange in uploads:
        if exchange.succeeded:
            judge_stored(exchange, out)
        else:
            judge_prefix(exchange, out)
    if acked and not any(exchange.acked for exchange in uploads):
        out.unknown("storage-9", "nothing was acked before the recorder was killed")


@case(
    "restarts/stages",
    "a kill while uploads are before, in and after their headers, in lines, and at their ends",
    level=Level.STORAGE,
    clauses=("storage-9", "storage-2"),
    needs=(Need.V2, *_NEEDS),
    phase=Phase.STORAGE,
    seconds=30.0,
)
def stages(seen: Seen, out: Findings) -> None:
    """What was acked is there, whole ones are whole, and the recorder takes new ones."""
    _killed(seen, out, acked=True)


@case(
    "restarts/flooded",
    "a kill while an upload is received as fast as it can be sent",
    level=Level.STORAGE,
    clauses=("storage-9",),
    needs=(Need.V2, *_NEEDS),
    phase=Phase.STORAGE,
    seconds=40.0,
)
def flooded(seen: Seen, out: Findings) -> None:
    """What was acked is there, however much was under way."""
    _killed(seen, out, acked=True)


@case(
    "restarts/v1",
    "a kill while uploads over v1 are at all stages, some of them at their ends",
    level=Level.STORAGE,
    clauses=("storage-2", "storage-5"),
    shows=("storage-5",),
    needs=(Need.V1, *_NEEDS),
    phase=Phase.STORAGE,
    seconds=30.0,
)
def v1(seen: Seen, out: Findings) -> None:
    """Whole ones are whole; what is there of the others is a beginning of them."""
    _killed(seen, out, acked=False)


@case(
    "restarts/again",
    "a second kill while the recorder looks through what the first one left",
    level=Level.STORAGE,
    clauses=("storage-9", "storage-3"),
    needs=(Need.V2, *_NEEDS),
    phase=Phase.STORAGE,
    seconds=30.0,
)
def again(seen: Seen, out: Findings) -> None:
    """Nothing is lost by it, and nothing is there twice."""
    _killed(seen, out, acked=True)


@case(
    "restarts/earlier",
    "other uploads, a kill and a restart leave earlier recordings as they were",
    level=Level.STORAGE,
    clauses=("privacy-6",),
    needs=_NEEDS,
    phase=Phase.STORAGE,
    seconds=30.0,
)
def earlier(seen: Seen, out: Findings) -> None:
    """Each that was whole once is still there, byte for byte."""
    if not runs_again(seen, "privacy-6", out):
        return
    out.unseen("privacy-6", "what a recorder removes or changes after days cannot be seen here")
    looked = [e for e in seen.named("earlier") if e.succeeded]
    before = {
        event.what.marker: event.what
        for event in seen.history
        if isinstance(event.what, Kept) and event.what.after == FIRST and event.what.whole
    }
    known = [e for e in looked if e.asked.marker in before]
    if not known:
        out.unknown("privacy-6", "no recording was in storage before")
    for exchange in known:
        first = before[exchange.asked.marker]
        now = [kept for kept in exchange.kept if kept.whole]
        out.expect(
            "privacy-6",
            any(k.agrees >= first.agrees and k.size == first.size for k in now),
            f"{exchange.name}: {first.path} had {first.size} bytes; now there is "
            + (", ".join(f"{kept.path} with {kept.size}" for kept in now) or "nothing of it"),
            *exchange.story(),
        )
