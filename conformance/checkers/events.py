"""Posting events: support, order, and the time that is waited (protocol sections 7 and 8)."""

from __future__ import annotations

from itertools import groupby

from conformance.checking import Findings, checks
from conformance.history import EventStored
from conformance.lateness import measured
from conformance.posting import Asking, Posting, postings
from conformance.sessions import NO_REPORT, View
from conformance.wire import V2_EVENT, Timers

OK, NOT_FOUND = 200, 404
GRACE = 1_000_000_000
"""Nanoseconds that a timer may be late before it counts as broken."""


def _asked(posting: Posting, method: str) -> list[Asking]:
    return [
        asking
        for asking in posting.askings
        if asking.head.method == method and asking.head.path == V2_EVENT
    ]


def _outcome(view: View, posting: Posting, recorder: str) -> str:
    """Return what the proxy says came of a recorder, by the recorder's name."""
    addresses = [address for address, node in view.addresses.items() if node == recorder]
    return next((found for a in addresses if (found := posting.outcome(a))), "")


@checks("event-2", "event-5")
def answers(view: View, out: Findings) -> None:
    """Hold what the client makes of an answer against the answer."""
    for posting in postings(view):
        for asking in _asked(posting, "HEAD"):
            if asking.status in (None, OK, NOT_FOUND):
                continue
            _judge(view, posting, asking, "event-2", "unsupported", out)
        for asking in _asked(posting, "POST"):
            if asking.status in (None, OK):
                continue
            _judge(view, posting, asking, "event-5", "stored", out)


def _judge(
    view: View, posting: Posting, asking: Asking, clause: str, wrong: str, out: Findings
) -> None:
    outcome = _outcome(view, posting, asking.recorder)
    if not outcome:
        out.unseen(clause, f"{NO_REPORT} of this recorder", session=posting.name)
        return
    out.expect(
        clause,
        outcome != wrong,
        f"{asking.head.method} {V2_EVENT} was answered {asking.status}, and was taken for {wrong}",
        *posting.tried,
        session=posting.name,
    )


@checks("event-3")
def support(view: View, out: Findings) -> None:
    """No POST without a HEAD before it that was answered 200."""
    for posting in postings(view):
        supports: set[str] = set()
        for asking in posting.askings:
            answered = asking.answered_at
            if asking.head.method == "HEAD" and asking.status == OK and answered is not None:
                supports.add(asking.recorder)
            elif asking.head.method == "POST":
                out.expect(
                    "event-3",
                    asking.recorder in supports,
                    f"an event was posted to {asking.recorder}, which had not answered the HEAD"
                    " with 200",
                    *(a.head for a in posting.askings),
                    session=posting.name,
                )


@checks("event-13")
def order(view: View, out: Findings) -> None:
    """Recorders in their order, until one has stored the event."""
    for posting in postings(view):
        if posting.due is None or posting.over is None:
            if posting.asked is not None:
                out.unknown("event-13", "the proxy says nothing of it", session=posting.name)
            continue
        listed = [view.addresses.get(address, address) for address in posting.due.recorders]
        tried = [view.addresses.get(t.recorder, t.recorder) for t in posting.tried]
        dialled = [name for name, _ in groupby(posting.dialled)]
        takers = [a.recorder for a in _asked(posting, "POST") if a.status == OK]
        claimed = view.addresses.get(posting.over.stored_by, posting.over.stored_by)
        evidence = (f"listed {listed}", f"dialled {dialled}", f"tried {tried}")

        def expect(holds: bool, message: str) -> None:
            out.expect("event-13", holds, message, *evidence, session=posting.name)  # noqa: B023

        expect(
            tried == listed[: len(tried)] and _within(dialled, listed),
            "recorders were not tried in their order",
        )
        if takers:
            expect(
                len(takers) == 1 and dialled[-1] == takers[0] == claimed,
                f"{takers[0]} had stored the event, and that was not the end",
            )
        else:
            expect(not claimed, f"{claimed} is said to have the event, and did not answer 200")
            expect(
                len(tried) == len(listed),
                "no recorder had stored the event, and not all were tried",
            )
        for asking in _asked(posting, "HEAD"):
            posted = any(a.recorder == asking.recorder for a in _asked(posting, "POST"))
            if asking.status == NOT_FOUND and not posted:
                expect(
                    _outcome(view, posting, asking.recorder) == "unsupported",
                    f"{asking.recorder} takes no events, and was not passed over",
                )


def _within(part: list[str], whole: list[str]) -> bool:
    """Tell whether `part` is `whole` with some left out: a refused dial is not seen."""
    rest = iter(whole)
    return all(name in rest for name in part)


@checks("event-13", "event-4")
def stored(view: View, out: Findings) -> None:
    """Hold the storage of a recorder that answered 200, and the plan, against what was posted."""
    kept = [event.what for event in view.of("storage") if isinstance(event.what, EventStored)]
    scripted = {node.name for node in view.scenario.recorders if node.script is not None}
    for posting in postings(view):
        takers = [a for a in _asked(posting, "POST") if a.status == OK]
        if view.planned and posting.plan is not None and posting.asked is not None:
            out.expect(
                "event-13",
                [a.recorder for a in takers] == [posting.plan.stored_by or None][: len(takers)]
                and bool(takers) == bool(posting.plan.stored_by),
                f"the event should be stored by {posting.plan.stored_by or 'nobody'}",
                f"stored by {[a.recorder for a in takers]}",
                session=posting.name,
            )
        for asking in takers:
            if asking.recorder in scripted:
                continue
            out.expect(
                "event-4",
                any(e.store == asking.recorder and e.data == asking.body for e in kept),
                f"{asking.recorder} answered 200, and what was posted is not in its storage",
                asking.body,
                [(e.store, e.path) for e in kept],
                session=posting.name,
            )


@checks("event-14")
def patience(view: View, out: Findings) -> None:
    """Measure how long a HEAD was awaited that nobody answered in time."""
    limit = Timers().probe
    end = max((event.at for event in view.history), default=0)
    for posting in postings(view):
        for asking in _asked(posting, "HEAD"):
            over = min(t for t in (asking.answered_at, asking.gone_at, end) if t is not None)
            waited = over - asking.at
            gave_up = asking.answered_at is None and asking.gone_by == "client"
            if not gave_up and waited <= limit + GRACE:
                continue  # it was answered, or ended by the recorder: nobody had to give up
            if view.speed != 1:
                out.unseen("event-14", "the timers were sped up", session=posting.name)
            else:
                measured(
                    view,
                    out,
                    "event-14",
                    (asking.at, over),
                    limit + GRACE,
                    f"the answer to the HEAD was awaited for {waited / 1e9:.1f} s",
                    asking.head,
                    session=posting.name,
                )
