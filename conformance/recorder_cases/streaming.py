"""Cases about the body: when it comes, how it is cut, how much of it there is, what is in it."""

from __future__ import annotations

from conformance.cases import Judge, Level, Need, case, nothing_more
from conformance.checking import Findings
from conformance.exchanges import Exchange, Seen

VERSIONS = ("v1", "v2")


def kept(exchange: Exchange) -> bool | None:
    """Tell whether an upload lies in storage exactly as it was sent; None: nobody looked."""
    if not exchange.looked:
        return None
    return any(one.agrees == one.size == exchange.size for one in exchange.kept)


def intact(*clauses: str) -> Judge:
    """Return a judge: what the case is about broke the clauses, too, when it changed the bytes."""

    def judge(seen: Seen, out: Findings) -> None:
        for exchange in seen.exchanges:
            if exchange.asked.intent != "whole" or not exchange.succeeded:
                continue
            if kept(exchange) is False:
                most = max((one.agrees for one in exchange.kept), default=0)
                for clause in clauses:
                    out.broken(
                        clause,
                        f"{exchange.name}: {exchange.size} bytes were sent, and what is stored is"
                        f" the same for {most}",
                        *exchange.story(),
                    )

    return judge


def _both(
    name: str,
    title: str,
    *clauses: str,
    judge: Judge = nothing_more,
    seconds: float = 10.0,
) -> None:
    """Register a case for v1 and the same for v2."""
    for version in VERSIONS:
        case(
            f"streaming/{name}-{version}",
            f"{title} ({version})",
            level=Level.CORE_V1 if version == "v1" else Level.CORE_V2,
            clauses=clauses,
            shows=clauses,
            needs=(Need(version),),
            seconds=seconds,
        )(judge)


# --- times ----------------------------------------------------------------------------------------

_both(
    "late-header",
    "a header line that comes 40 s after the start is waited for",
    "streaming-6",
    seconds=45.0,
)
_both(
    "idle",
    "an upload over which nothing comes for 45 s goes on",
    "streaming-7",
    seconds=50.0,
)

# --- cuts -----------------------------------------------------------------------------------------

_both(
    "one-write",
    "header and first event come in one piece, the end with them",
    "streaming-8",
    judge=intact("streaming-8"),
)
_both(
    "bytewise",
    "a body comes byte by byte, over v2 with empty DATA frames in between",
    "streaming-8",
    judge=intact("streaming-8"),
)
_both(
    "cuts",
    "a body is cut within characters, escapes, numbers and line ends",
    "streaming-8",
    judge=intact("streaming-8"),
)
_both(
    "plain",
    "an upload says neither Content-Type nor Content-Length",
    "streaming-9",
)

# --- ends -----------------------------------------------------------------------------------------

case(
    "streaming/end",
    "the answer goes on while the body does, and ends after it",
    level=Level.CORE_V2,
    clauses=("streaming-12",),
    shows=("streaming-12",),
    needs=(Need.V2,),
    seconds=15.0,
)(nothing_more)

# --- amounts --------------------------------------------------------------------------------------

_both(
    "flood",
    "64 MB (8 MB into S3) come as fast as they are taken, and all of them are kept",
    "streaming-13",
    judge=intact("streaming-13"),
    seconds=60.0,
)
_both(
    "long-line",
    "an event of 16 MB (8 MB into S3) is taken and kept whole",
    "storage-5",
    seconds=60.0,
)
case(
    "streaming/short-lines",
    "a million events of a few bytes each are taken and kept, every one",
    level=Level.STORAGE,
    clauses=("storage-5",),
    shows=("storage-5",),
    seconds=60.0,
)(nothing_more)

# --- contents -------------------------------------------------------------------------------------

_both(
    "text",
    "text is kept as it was written: escaped as Go escapes it, as others do, or not at all",
    "file-13",
    judge=intact("file-13"),
)


case(
    "streaming/headers",
    "tagged nodes, nodes of users, Kubernetes: every header that clients send is taken",
    level=Level.STORAGE,
    clauses=("storage-5",),
)(nothing_more)


def _odd(seen: Seen, out: Findings) -> None:
    """What breaks a rule of the format is taken, and kept as it is wherever that may be."""
    for why in seen.refused:
        out.broken("storage-13", f"no connection could be made: {why}")
    for exchange in seen.exchanges:
        if not exchange.upload:
            continue
        name, story = exchange.name, exchange.story()
        if exchange.trouble:
            out.broken("storage-13", f"{name}: {exchange.trouble}", *story)
        elif not exchange.size or kept(exchange):
            out.held("storage-13")
        elif not exchange.looked:
            out.unseen("storage-13", f"{name}: it was taken; whether it is kept cannot be seen")
        elif not exchange.kept:
            for clause in ("storage-13", "storage-2"):
                out.broken(clause, f"{name}: it was taken with success, and not kept", *story)
        else:
            most = max(exchange.kept, key=lambda one: one.agrees)
            clause = "storage-2" if most.agrees == most.size else "storage-1"
            out.broken(
                clause,
                f"{name}: what is stored is what was sent up to byte {most.agrees} of"
                f" {exchange.size}",
                *story,
            )


for _name, _title in (
    ("odd-headers", "a recording whose first line is no header is taken and kept"),
    ("odd-lines", "a recording with lines that are no events is taken and kept"),
    ("odd-order", "a recording that breaks rules as real ones do is taken and kept"),
    ("empty", "an upload without a byte is taken"),
):
    case(f"streaming/{_name}", _title, level=Level.STORAGE, clauses=("storage-13",))(_odd)
