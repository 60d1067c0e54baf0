"""Cases about heads: the probe, the 200 of v2 and the interim 100 of v1, refusals."""

from __future__ import annotations

from conformance.cases import Level, Need, case
from conformance.checking import Findings
from conformance.exchanges import Seen


@case(
    "v2/probe",
    "HEAD /v2/record over HTTP/2 is answered 200 with no content",
    level=Level.CORE_V2,
    clauses=("v2-4",),
    needs=(Need.V2,),
)
def probe(seen: Seen, out: Findings) -> None:
    """The probe is answered 200, and its answer has no body."""
    asked = seen.one("probe")
    if asked is None:
        out.broken("v2-3", "no connection could be made", *seen.refused)
        return
    out.expect(
        "v2-4",
        asked.status == 200 and not asked.body and asked.answer_ended_at is not None,
        f"the probe was answered {asked.status or 'nothing'} with {len(asked.body)} bytes",
        *asked.story(),
    )
