"""Cases about refusals: what was sent where it is not wanted must not be found later."""

from __future__ import annotations

from conformance.cases import WHY_NOT, Level, Need, case
from conformance.checking import Findings
from conformance.exchanges import Seen
from conformance.recorder_cases.losses import reached


def refused(seen: Seen, out: Findings) -> None:
    """What was refused is nowhere; what was taken all the same was not refused."""
    found = [exchange for exchange in seen.exchanges if exchange.asked.intent == "refused"]
    if not found:
        reached(seen, "a refusal", "hostile-17", out)
    for exchange in found:
        if not exchange.turned_away:
            out.unseen("hostile-17", f"{exchange.name}: it was not refused")
    if seen.case is None or Need.STORE not in seen.case.has:
        out.unseen("hostile-17", WHY_NOT[Need.STORE])
    reached(seen, "after", "storage-5", out)


case(
    "refusals/v1",
    "what is sent over HTTP/1.1 and refused leaves nothing in storage",
    level=Level.HARDENED,
    clauses=("hostile-17",),
    needs=(Need.V1,),
    seconds=15.0,
)(refused)

case(
    "refusals/v2",
    "what is sent over HTTP/2 and refused leaves nothing in storage",
    level=Level.HARDENED,
    clauses=("hostile-17",),
    needs=(Need.V2,),
    seconds=15.0,
)(refused)
