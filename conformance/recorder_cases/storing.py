"""Cases about recordings at rest: their bytes, their names, when they are written, and where to."""

from __future__ import annotations

import re

from conformance.cases import Level, Need, Phase, case, nothing_more
from conformance.checkers.exchanges import judge_stored
from conformance.checking import Findings
from conformance.exchanges import Seen
from conformance.probed import Kept, Remarked, Strayed

RUNNING = "running"
"""What `Kept.after` says of a look while the session goes on."""
SEARCHED = "searched"
"""The remark that other places than the storage were searched."""
AT_ONCE = 50
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d[:.-]?\d\d[:.-]?\d\d|\d{8}T?\d{6}")

_V1 = "storing/bytes-v1"
_V2 = "storing/bytes-v2"
for _name, _need, _level in ((_V1, Need.V1, Level.CORE_V1), (_V2, Need.V2, Level.CORE_V2)):
    case(
        _name,
        f"a recording with all that JSON allows is stored byte for byte ({_need})",
        level=_level,
        clauses=("storage-1", "storage-2", "storage-3"),
        needs=(_need, Need.STORE),
    )(nothing_more)

case(
    "storing/large",
    "a recording of 8 MiB is taken to its end, and stored to its last byte",
    level=Level.STORAGE,
    clauses=("storage-5", "storage-2"),
    shows=("storage-5",),
    needs=(Need.STORE,),
    seconds=20.0,
)(nothing_more)

case(
    "storing/layout",
    "recordings that began long ago lie at NodeID/timestamp.cast",
    level=Level.STORAGE,
    clauses=("storage-4", "storage-7", "storage-10"),
    needs=(Need.STORE,),
)(nothing_more)

for _name, _need, _level in (
    ("storing/broke-off-v1", Need.V1, Level.CORE_V1),
    ("storing/broke-off-v2", Need.V2, Level.CORE_V2),
):
    case(
        _name,
        f"what came of an upload that breaks off in the middle of a line is kept ({_need})",
        level=_level,
        clauses=("storage-16",),
        needs=(_need, Need.STORE),
        seconds=20.0,
    )(nothing_more)


@case(
    "storing/odd",
    "recordings that break rules of the format are taken and kept as they are",
    level=Level.STORAGE,
    clauses=("storage-13",),
    needs=(Need.STORE,),
    seconds=20.0,
)
def odd(seen: Seen, out: Findings) -> None:
    """Each is answered with success, and each is stored byte for byte."""
    uploads = [exchange for exchange in seen.exchanges if exchange.upload]
    if not uploads:
        _nothing_played(seen, "storage-13", out)
    for exchange in uploads:
        trouble = exchange.trouble
        out.expect("storage-13", not trouble, f"{exchange.name}: {trouble}", *exchange.story())
        if not trouble and exchange.looked:
            judge_stored(exchange, out)


def _nothing_played(seen: Seen, clause: str, out: Findings) -> None:
    if seen.refused:
        out.broken(clause, f"no connection could be made: {seen.refused[0]}")
    else:
        out.unknown(clause, "the play did not come so far")


# --- one node, one second -------------------------------------------------------------------------


@case(
    "storing/same-second",
    f"{AT_ONCE} recordings of one node that begin in the same second, and one more",
    level=Level.STORAGE,
    clauses=("storage-8", "storage-3"),
    needs=(Need.STORE,),
    seconds=20.0,
)
def same_second(seen: Seen, out: Findings) -> None:
    """Each that was taken to its end has a name of its own."""
    taken = [e for e in seen.exchanges if e.upload and e.succeeded and e.looked]
    if len(taken) < 2:
        out.unknown("storage-8", f"{len(taken)} of the uploads were taken to their ends")
        return
    lost = [exchange for exchange in taken if not any(kept.whole for kept in exchange.kept)]
    names: dict[str, set[str]] = {}
    for exchange in taken:
        for kept in exchange.kept:
            names.setdefault(kept.path, set()).update({exchange.asked.marker, *kept.others})
    shared = sorted(path for path, markers in names.items() if len(markers) > 1)
    out.expect(
        "storage-8",
        not lost,
        f"{len(lost)} of {len(taken)} recordings of one node and second are nowhere: others have"
        " their names",
        *(lost[0].story() if lost else ()),
    )
    out.expect(
        "storage-8",
        not shared,
        f"{len(shared)} names are shared by recordings, the first is {shared[:1]}",
    )


# --- while the session goes on --------------------------------------------------------------------


@case(
    "storing/while-it-runs",
    "a recording of 1 MiB is being written while its session goes on",
    level=Level.STORAGE,
    clauses=("storage-15",),
    needs=(Need.FILESYSTEM,),
    seconds=20.0,
)
def while_it_runs(seen: Seen, out: Findings) -> None:
    """Some of it lies in the folder, under whatever name, before the session ends."""
    exchange = seen.one("main")
    if exchange is None or exchange.opened_at is None:
        if exchange is None:
            _nothing_played(seen, "storage-15", out)
        return  # that it was not taken is judged already
    looks = [
        event.what
        for event in seen.history
        if isinstance(event.what, Kept)
        and event.what.after == RUNNING
        and event.what.marker == exchange.asked.marker
    ]
    if f"{RUNNING} {exchange.name}" not in _remarks(seen):
        out.unknown("storage-15", "nobody looked while the session went on", *exchange.story())
        return
    out.expect(
        "storage-15",
        any(kept.agrees for kept in looks),
        f"{exchange.name}: nothing of {exchange.size} bytes was in storage while the session went"
        " on",
        *exchange.story(),
    )


def _remarks(seen: Seen) -> dict[str, str]:
    return {e.what.what: e.what.value for e in seen.history if isinstance(e.what, Remarked)}


# --- where to -------------------------------------------------------------------------------------


@case(
    "storing/failover",
    "three recorders, each with a folder of its own, store the same recording in the same way",
    level=Level.STORAGE,
    clauses=("storage-11", "storage-17"),
    needs=(Need.FILESYSTEM, Need.FRESH),
    phase=Phase.STORAGE,
    seconds=20.0,
)
def failover(seen: Seen, out: Findings) -> None:
    """Each stores where it was told to, and a path of one looks like the paths of the others."""
    uploads = [e for e in seen.exchanges if e.upload and e.succeeded and e.looked]
    if len(uploads) < 2:
        out.unknown("storage-17", f"{len(uploads)} of the uploads were taken to their ends")
        return
    shapes: dict[str, str] = {}
    for exchange in uploads:
        whole = [kept for kept in exchange.kept if kept.whole]
        out.expect(
            "storage-11",
            bool(exchange.kept),
            f"{exchange.name}: the folder that the recorder was given does not hold it",
            *exchange.story(),
        )
        if whole:
            shapes.setdefault(_shape(seen, whole[0].path), f"{exchange.name}: {whole[0].path}")
    if not shapes:
        out.unseen("storage-17", "no recording was found that could be compared")
        return
    out.expect(
        "storage-17",
        len(shapes) == 1,
        f"recorders store one recording in {len(shapes)} ways: {', '.join(shapes.values())}",
    )


def _shape(seen: Seen, path: str) -> str:
    """Return what the paths of one recording have in common, whoever stored it.

    Folders, the second and the suffix are compared; what else stands in a file's name may tell
    recordings of one second apart. Of a layout that we do not know only depth and suffix are.
    """
    *folders, name = path.split("/")
    suffix = "." + name.rpartition(".")[2]
    if seen.case is not None and not seen.case.layout:
        return f"{len(folders)} {suffix}"
    time = _TIME.search(name)
    return "/".join([*folders, (time[0] if time else "") + suffix])


@case(
    "storing/nowhere-else",
    "what a session showed is in its recording, and in no log or temporary file",
    level=Level.STORAGE,
    clauses=("privacy-4",),
    needs=(Need.FILESYSTEM, Need.FRESH, Need.KILL),
    phase=Phase.STORAGE,
    seconds=20.0,
)
def nowhere_else(seen: Seen, out: Findings) -> None:
    """Nothing that could be looked into holds it; where it is sent to cannot be seen."""
    strayed = [event.what.path for event in seen.history if isinstance(event.what, Strayed)]
    out.unseen("privacy-4", "what a recorder sends over the network to others cannot be seen here")
    if strayed:
        out.broken("privacy-4", f"what a session showed lies outside storage: {', '.join(strayed)}")
    elif SEARCHED in _remarks(seen):
        out.held("privacy-4")
