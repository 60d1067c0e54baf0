"""Cases about acks: when they come, what they count, how they are written."""

from __future__ import annotations

from conformance.cases import Level, Need, case, nothing_more

case(
    "acks/idle",
    "a session over which nothing comes is acked every 5 s",
    level=Level.CORE_V2,
    clauses=("acks-1", "acks-2"),
    needs=(Need.V2,),
    seconds=36.0,
)(nothing_more)
