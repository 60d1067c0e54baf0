"""What our own lateness may have added to a time that was measured.

A wait is measured in the process of the relay, from what it reads. While that process, or the one
of the part that waits, had its loop held up, the end of the wait is seen late: a time that is over
its limit by no more than that says nothing of anybody.
"""

from __future__ import annotations

from collections import defaultdict

from conformance.checking import Findings
from conformance.history import Late
from conformance.sessions import View


def late_between(view: View, begin: int, end: int) -> int:
    """Return how long one loop of ours was late in this time, the latest one; in nanoseconds.

    Recorders that the scenario itself strikes are not ours in this.
    """
    struck = {f"recorder/{plan.node}" for plan in view.scenario.faults}
    by: dict[tuple[str, str], int] = defaultdict(int)
    for event in view.history:
        if isinstance(event.what, Late) and event.observer not in struck:
            from_ = max(event.at - event.what.by, begin)
            by[event.observer, event.what.loop] += max(0, min(event.at, end) - from_)
    return max(by.values(), default=0)


def measured(
    view: View,
    out: Findings,
    clause: str,
    span: tuple[int, int],
    limit: int,
    message: str,
    *evidence: object,
    session: str = "",
) -> None:
    """Hold a span (its begin and end) against its limit; void where our lateness may be the excess.

    All times are nanoseconds.
    """
    begin, end = span
    over = end - begin - limit
    late = late_between(view, begin, end) if over > 0 else 0
    if over > 0 and late >= over:
        why = f"{message}, and our own loops were late by {late / 1e9:.1f} s of it"
        out.void(clause, why, *evidence, session=session)
    else:
        out.expect(clause, over <= 0, message, *evidence, session=session)
