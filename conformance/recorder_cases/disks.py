"""Cases about storage that fails: full, read-only or gone, before a recording or in the middle.

What a recorder cannot store it refuses, or says at the end that it failed. All else is a silent
loss, unless every byte is there after all.
"""

from __future__ import annotations

from conformance.cases import Level, Need, Phase, case
from conformance.checking import Findings
from conformance.exchanges import OK, Exchange, Seen
from conformance.probed import ConnectFailed, Remarked

LEFT = "left behind"
"""The remark of what storage shows that it did not show before, one path a line."""
CANNOT = "cannot be done here"
"""The remark of why a fault could not be had."""
FAULT = "fault"
"""The remark that storage has its fault now."""
_SERVER_ERRORS = range(500, 600)
_NEEDS = (Need.FILESYSTEM, Need.FRESH, Need.KILL)
_VERSIONS = (("v1", Need.V1, "v1-7"), ("v2", Need.V2, "v2-6"))


def remarks(seen: Seen, what: str) -> list[str]:
    """Return the values of a remark, in order."""
    found = [event.what for event in seen.history if isinstance(event.what, Remarked)]
    return [remark.value for remark in found if remark.what == what]


def played(seen: Seen, clauses: tuple[str, ...], out: Findings) -> Exchange | None:
    """Return the upload that meets the fault; say of the clauses why there is none."""
    exchange = seen.one("main")
    why = remarks(seen, CANNOT)
    if exchange is not None:
        return exchange
    for clause in clauses:
        if why:
            out.unseen(clause, why[0])
        elif not remarks(seen, FAULT):
            out.unknown(clause, "storage did not get its fault")
        elif any(isinstance(event.what, ConnectFailed) for event in seen.history):
            out.unseen(clause, "it accepts no connections any more, so it takes nothing")
        else:
            out.unknown(clause, "the play did not come so far")
    return None


def answered(exchange: Exchange) -> str:
    """Say for people how an upload ended."""
    if exchange.succeeded:
        return "it was answered with success"
    return exchange.trouble


# --- refusing -------------------------------------------------------------------------------------


def judge_refusal(exchange: Exchange, clause: str, out: Findings) -> None:
    """Judge an upload to storage that cannot take any: `clause` says how it is refused."""
    story = exchange.story()
    if exchange.opened_at is not None and exchange.sent:
        out.unseen(clause, f"{exchange.name}: it refuses nothing at the start")
        out.broken(
            "storage-14",
            f"{exchange.name}: it was taken, and nothing could be stored",
            *story,
        )
        judge_told(exchange, out)
        return
    if exchange.opened_at is not None:
        out.broken(
            clause,
            f"{exchange.name}: it was taken, and failed before a byte of it was sent: no other"
            " recorder is tried then",
            *story,
        )
        out.broken("storage-14", f"{exchange.name}: it was taken before storage was tried", *story)
        return
    out.expect(
        clause,
        exchange.status not in (None, OK),
        f"{exchange.name}: nothing can be stored, and {exchange.trouble}; a status other than 200"
        " is right",
        *story,
    )
    out.held("storage-14")


# --- telling --------------------------------------------------------------------------------------


def judge_told(exchange: Exchange, out: Findings, clause: str = "storage-6") -> None:
    """Judge by `clause` whether the loss of an upload that was taken was told; or there is none."""
    story = exchange.story()
    if exchange.opened_at is None:
        out.unknown(clause, f"{exchange.name}: it was not taken", *story)
    elif exchange.succeeded:
        _succeeded(exchange, out, clause)
    elif exchange.v2:
        out.expect(
            clause,
            bool(exchange.error),
            f"{exchange.name}: it could not be stored, and no error frame says so:"
            f" {exchange.trouble}",
            *story,
        )
    else:
        told = exchange.status not in (None, OK)
        out.expect(
            clause,
            told,
            f"{exchange.name}: it could not be stored, and no final status says so:"
            f" {exchange.trouble}",
            *story,
        )
        if told:
            out.expect(
                "v1-15",
                exchange.status in _SERVER_ERRORS,
                f"{exchange.name}: it could not be stored, and the status is {exchange.status}",
                *story,
            )
    for kept in exchange.kept:
        if kept.whole:
            out.expect(
                "storage-1",
                kept.agrees == kept.size,
                f"{exchange.name}: {kept.path} differs from what was sent at byte {kept.agrees}",
                *story,
            )


def _succeeded(exchange: Exchange, out: Findings, clause: str) -> None:
    """Success is right only if every byte is there."""
    if not exchange.looked:
        out.unknown(clause, f"{exchange.name}: nobody looked", *exchange.story())
        return
    most = max((kept.agrees for kept in exchange.kept if kept.whole), default=0)
    if most >= exchange.size:
        out.unseen(clause, f"{exchange.name}: it was stored whole in spite of the fault")
        return
    out.broken(
        clause,
        f"{exchange.name}: it was answered with success, and {most} bytes of {exchange.size} are"
        " in storage",
        *exchange.story(),
    )


# --- the cases ------------------------------------------------------------------------------------


def _refusals(fault: str, what: str) -> None:
    """Register the cases in which an upload comes when nothing can be stored."""
    for version, need, clause in _VERSIONS:

        def judge(seen: Seen, out: Findings, clause: str = clause) -> None:
            exchange = played(seen, (clause, "storage-14"), out)
            if exchange is not None:
                judge_refusal(exchange, clause, out)

        case(
            f"disks/{fault}-{version}",
            f"{what}: an upload is refused before it begins ({version})",
            level=Level.STORAGE,
            clauses=(clause, "storage-14"),
            needs=(need, *_NEEDS),
            phase=Phase.STORAGE,
            seconds=15.0,
        )(judge)


_refusals("no-folder", "a file lies where the recordings' folder was")
_refusals("read-only", "the recordings' folder may not be written")


def _losses(fault: str, what: str, clause: str) -> None:
    """Register the cases in which storage fails in the middle of an upload, by their clause."""
    for version, need, _ in _VERSIONS:
        more = ("v1-15",) if need is Need.V1 else ("acks-17",)
        clauses = (clause, *more)

        def judge(seen: Seen, out: Findings, clauses: tuple[str, ...] = clauses) -> None:
            exchange = played(seen, clauses, out)
            if exchange is None:
                return
            if not remarks(seen, FAULT):
                for clause in clauses:
                    out.unknown(clause, f"storage did not get its fault: {answered(exchange)}")
                return
            judge_told(exchange, out, clauses[0])

        case(
            f"disks/{fault}-{version}",
            f"{what} in the middle of an upload, which is told that it failed ({version})",
            level=Level.STORAGE,
            clauses=clauses,
            needs=(need, *_NEEDS),
            phase=Phase.STORAGE,
            seconds=25.0,
        )(judge)


_losses("full", "no more can be written", "storage-6")
_losses("folder-lost", "a file takes the place of the recordings' folder", "storage-18")


@case(
    "disks/folder-removed",
    "the recordings' folder was removed: uploads are refused, or stored all the same",
    level=Level.STORAGE,
    clauses=("storage-6",),
    needs=_NEEDS,
    phase=Phase.STORAGE,
    seconds=20.0,
)
def folder_removed(seen: Seen, out: Findings) -> None:
    """Whatever was answered with success lies in storage: making the folder anew is right too."""
    uploads = [e for e in seen.exchanges if e.asked.intent == "free"]
    if not uploads:
        played(seen, ("storage-6",), out)
    for exchange in uploads:
        stored = max((kept.agrees for kept in exchange.kept if kept.whole), default=0)
        if exchange.opened_at is None:
            out.unseen("storage-6", f"{exchange.name}: it was not taken: {exchange.trouble}")
        elif exchange.succeeded and stored >= exchange.size:
            out.held("storage-6")
        else:
            judge_told(exchange, out)


@case(
    "disks/node-taken",
    "a file lies where the node's folder belongs: an upload of that node is not lost in silence",
    level=Level.STORAGE,
    clauses=("storage-6",),
    needs=_NEEDS,
    phase=Phase.STORAGE,
    seconds=20.0,
)
def node_taken(seen: Seen, out: Findings) -> None:
    """It is told that it failed, or stored elsewhere."""
    exchange = played(seen, ("storage-6",), out)
    if exchange is not None and exchange.opened_at is not None:
        judge_told(exchange, out)
    elif exchange is not None:
        out.unseen("storage-6", f"it was not taken: {exchange.trouble}")


@case(
    "disks/refused",
    "what is refused because storage is full leaves nothing behind",
    level=Level.STORAGE,
    clauses=("hostile-17",),
    needs=_NEEDS,
    phase=Phase.STORAGE,
    seconds=20.0,
)
def refused(seen: Seen, out: Findings) -> None:
    """Storage shows no recording that it did not show before, not even an empty one."""
    uploads = [e for e in seen.exchanges if e.asked.intent == "free"]
    if not uploads:
        played(seen, ("hostile-17",), out)
        return
    taken = [exchange for exchange in uploads if exchange.opened_at is not None and exchange.sent]
    for exchange in taken:
        judge_told(exchange, out)
    left = [path for value in remarks(seen, LEFT) for path in value.splitlines()]
    if taken:
        out.unseen("hostile-17", f"{len(taken)} of {len(uploads)} uploads were taken, not refused")
    elif not remarks(seen, LEFT):
        out.unknown("hostile-17", "nobody looked at what is left")
    else:
        out.expect(
            "hostile-17",
            not left,
            f"{len(uploads)} uploads were refused, and yet there is {', '.join(left)}",
            *(line for exchange in uploads for line in exchange.story()),
        )


@case(
    "disks/small",
    "a small disk fills up: the upload is told, and when there is room again, recordings are taken",
    level=Level.STORAGE,
    clauses=("storage-6", "storage-5"),
    shows=("storage-5",),
    needs=_NEEDS,
    phase=Phase.STORAGE,
    seconds=40.0,
)
def small(seen: Seen, out: Findings) -> None:
    """Neither the upload that fills it nor the next one is lost in silence."""
    exchange = played(seen, ("storage-6", "storage-5"), out)
    if exchange is None:
        return
    judge_told(exchange, out)
    for later in seen.named("while it is full"):
        if later.opened_at is not None and later.sent:
            judge_told(later, out)
