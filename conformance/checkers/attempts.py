"""Attempts: how long each recorder is given, what counts as a yes, and what is kept of it.

Times are measured at the relay, which stands at the client's end. Of a dial that is never accepted
nothing comes there, but Linux tells how long it hangs; elsewhere only the server's own reports are
left, and they do not tell two dials to one recorder apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checking import Findings, checks
from conformance.contacts import CONTINUE, OK, Connection, Contact, Network, network
from conformance.history import Aborted, Attempted, DialHung, Event, FaultApplied
from conformance.lateness import measured
from conformance.machine import State
from conformance.scenario import Script
from conformance.sessions import API_PROXY, NO_REPORT, SessionView, View
from conformance.wire import SECOND, Timers

GRACE = SECOND
"""Nanoseconds that a timer may be late before it counts as broken."""
DIALS = 2
"""Dials to one recorder: after a failed one a client may dial again for v1 (choose-19)."""
UNREACHABLE = "unreachable"
"""The fault under which a dial is neither accepted nor refused."""
_STANDING_STILL = frozenset({"silent", "stopped", "black-hole"})
"""Faults with which a recorder accepts connections and says nothing."""
_HURRIED = "the timers were sped up"


# --- how long -------------------------------------------------------------------------------------


@checks("choose-7")
def hung_dials(view: View, out: Findings) -> None:
    """Measure each dial that was never accepted, as the relay's machine saw it hang."""
    for event, what in _hung(view):
        limit = Timers().dial + GRACE
        if view.speed != 1:
            out.unseen("choose-7", _HURRIED)
        elif what.given_up or what.lasted > limit:
            measured(
                view,
                out,
                "choose-7",
                (event.at - what.lasted, event.at),
                limit,
                f"a dial to {what.recorder} was given up after {what.lasted / SECOND:.1f} s",
                what,
            )


def _hung(view: View) -> Iterator[tuple[Event, DialHung]]:
    """Yield the dials that hung, but for those of the API proxy: that has limits of its own."""
    for event in view.of("network"):
        what = event.what
        if not isinstance(what, DialHung):
            continue
        if view.addresses.get(what.peer.rpartition(":")[0]) != API_PROXY:
            yield event, what


@checks("choose-7")
def dials(view: View, out: Findings) -> None:
    """Measure attempts at recorders whose dials nobody could watch one by one."""
    dialled = {getattr(e.what, "recorder", "") for e in view.dialled}
    dialled |= {what.recorder for _, what in _hung(view)}
    applied = {
        e.what.node
        for e in view.of("faults")
        if isinstance(e.what, FaultApplied) and e.what.fault == UNREACHABLE
    }
    for session in view.sessions.values():
        before = session.state_at(State.FIND_RECORDER)
        for event in session.reports:
            if not isinstance(event.what, Attempted) or before is None:
                continue
            began, before = before, event.at
            took = event.at - began
            name = view.addresses.get(event.what.recorder, event.what.recorder)
            if name in dialled or name not in applied or not event.what.failure:
                continue
            if view.speed != 1:
                out.unseen("choose-7", _HURRIED, session=session.name)
                return
            measured(
                view,
                out,
                "choose-7",
                (began, event.at),
                DIALS * Timers().dial + GRACE,
                f"{name} was dialled for {took / SECOND:.1f} s",
                event.what.failure,
                session=session.name,
            )


@checks("choose-9", "choose-18")
def answers_awaited(view: View, out: Findings) -> None:
    """Measure how long answers to probes and to the heads of uploads are awaited."""
    seen = network(view)
    timers = Timers()
    for connection, contact in seen.contacts():
        limit, clause = (timers.probe, "choose-9") if contact.probe else (timers.open, "choose-18")
        if not (contact.probe or contact.upload):
            continue
        waited = _waited(view, seen, connection, contact)
        if waited is None:
            continue
        if view.speed != 1:
            out.unseen(clause, _HURRIED)
            continue
        measured(
            view,
            out,
            clause,
            (contact.at, contact.at + waited),
            limit + GRACE,
            f"an answer was awaited for {waited / SECOND:.1f} s",
            contact.head,
        )


def _waited(view: View, seen: Network, connection: Connection, contact: Contact) -> int | None:
    """Return how long an answer was awaited; None when the recorder ended that itself."""
    wanted = next(
        (at for at, what in contact.statuses if what.status in (contact.opening, *range(200, 600))),
        None,
    )
    ends = [at for at in (wanted, contact.broken_at, connection.ended_at()) if at is not None]
    answered = min(ends, default=None)
    left = [at for at in (connection.left_at(), seen.until) if at is not None]
    if len(view.sessions) == 1:
        # The client went on to another connection, whatever became of this one.
        left += [other.at for other in seen.connections if other.at > contact.at]
    moved_on = min(left, default=None)
    if answered is not None and (moved_on is None or answered <= moved_on):
        return answered - contact.at if answered == wanted else None
    return moved_on - contact.at if moved_on is not None else None


# --- what counts as a yes -------------------------------------------------------------------------


@checks("choose-13", "v1-5")
def refusals(view: View, out: Findings) -> None:
    """An upload that was answered, but not with what opens it, has failed."""
    for _, contact in network(view).contacts():
        refused = contact.refused
        if not contact.upload or refused is None:
            continue
        status = refused[1].status
        early = contact.head.http == "1.1" and status == OK
        out.expect(
            "v1-5" if early else "choose-13",
            status not in contact.answers_before_body,
            f"an upload was begun that was answered {status}, and not {contact.opening}",
            contact.head,
        )


@checks("v1-6", "v1-8")
def interim_answers(view: View, out: Findings) -> None:
    """The 100 starts the session, late or not; other interim answers mean nothing."""
    left_by_user = any(session.aborted or session.hung_up for session in view.sessions.values())
    for connection, contact in network(view).contacts():
        if not contact.upload or contact.head.http != "1.1":
            continue
        others = [at for at, what in contact.statuses if CONTINUE < what.status < OK]
        if contact.opened_at is not None:
            _continued(contact, connection, out, judged=not left_by_user)
        elif contact.final is None and not left_by_user:
            _left_too_early(view, connection, contact, out, hinted=bool(others))
        begun_at = contact.answers_before_body
        hinted = any(CONTINUE < status < OK for status in begun_at)
        if hinted and CONTINUE not in begun_at:
            out.broken("v1-8", "the body was begun at an interim answer", contact.head)
        elif others and contact.opened_at is not None:
            out.held("v1-8")


def _continued(contact: Contact, connection: Connection, out: Findings, *, judged: bool) -> None:
    begun = contact.body_at is not None
    ended = connection.garbled or connection.ended_at() is not None
    if begun:
        out.held("v1-6")
    elif judged and not ended and contact.final is None:
        out.broken("v1-6", "the 100 came, and the upload was not begun", contact.head)


def _left_too_early(
    view: View, connection: Connection, contact: Contact, out: Findings, *, hinted: bool
) -> None:
    """Judge a client that left before the 100 that the scenario has come."""
    script = _script(view, connection.recorder)
    left = connection.left_at()
    if script is None or left is None or connection.garbled or view.speed != 1:
        return
    patience = left - contact.at
    if script.does == "late-continue":
        out.expect(
            "v1-6",
            patience > script.seconds * SECOND,
            f"the 100 was awaited for {patience / SECOND:.1f} s, and comes after"
            f" {script.seconds:g} s",
            contact.head,
        )
    elif script.does == "early-hints" and hinted:
        out.broken("v1-8", "an upload was given up for an interim answer", contact.head)


def _script(view: View, recorder: str) -> Script | None:
    return next((n.script for n in view.scenario.recorders if n.name == recorder), None)


# --- what is kept ---------------------------------------------------------------------------------


@checks("choose-15", "choose-16", "choose-17")
def attempts(view: View, out: Findings) -> None:
    """What the server says of its attempts, and that it goes on from a silent recorder."""
    for session in view.sessions.values():
        if session.plan.run == "sftp":
            continue
        if session.server is None:
            for clause in ("choose-15", "choose-16", "choose-17"):
                out.unseen(clause, NO_REPORT, session=session.name)
            continue
        _kept(view, session, out)
        if len(view.sessions) == 1:
            _gone_on(view, session, out)


def _kept(view: View, session: SessionView, out: Findings) -> None:
    connected = State.CONNECTED in session.path
    tried = [(attempt.recorder, attempt.failure) for attempt in session.attempted]
    names = [view.addresses.get(address, address) for address, _ in tried]
    failed = tried
    if connected:
        took = {upload.recorder for upload in view.uploads if upload.opened_at is not None}
        if session.upload is not None:
            took = {session.upload.recorder}
        right = bool(tried) and not tried[-1][1] and names[-1] in took
        out.expect(
            "choose-16",
            right,
            "the last attempt is not that of the recorder that took the recording",
            tried,
            session=session.name,
        )
        failed = tried[:-1] if right else []
    if failed and (connected or State.RECORDING_FAILED in session.path):
        out.expect(
            "choose-15",
            all(message for _, message in failed),
            "an attempt that failed has no message that says why",
            tried,
            session=session.name,
        )


def _gone_on(view: View, session: SessionView, out: Findings) -> None:
    """Hold the attempts at recorders that stay silent, and what was tried after them."""
    settled = {State.CONNECTED, State.RECORDING_FAILED} & set(session.path)
    dialled = {getattr(e.what, "recorder", "") for e in view.dialled}
    names = [view.addresses.get(a.recorder, a.recorder) for a in session.attempted]
    listed = session.action.recorders if session.action is not None else None
    for name in sorted(_silent(view) & dialled):
        gone_on = name in names and bool(session.attempted[names.index(name)].failure)
        last = gone_on and names[-1] == name and len(names) < len(listed or ())
        stopped = (
            last and State.RECORDING_FAILED in session.path and not _out_of_time(view, session)
        )
        if not (gone_on or settled or _long_aborted(session)):
            continue  # the user left before there was anything to see
        out.expect(
            "choose-17",
            gone_on and not stopped,
            "a recorder that accepts the connection and stays silent was not given up for the next",
            name,
            session=session.name,
        )


def _out_of_time(view: View, session: SessionView) -> bool:
    begin = session.state_at(State.FIND_RECORDER)
    end = session.state_at(State.RECORDING_FAILED)
    budget = view.timers.choose
    return begin is not None and end is not None and end - begin >= budget - budget // 50


def _long_aborted(session: SessionView) -> bool:
    begin = session.state_at(State.FIND_RECORDER)
    left = next((e.at for e in session.reports if isinstance(e.what, Aborted)), None)
    return begin is not None and left is not None and left - begin > Timers().choose


def _silent(view: View) -> set[str]:
    """Return the recorders that stay silent from the first dial on."""
    scripted = {
        node.name
        for node in view.scenario.recorders
        if node.script is not None
        and node.script.does == "silent"
        and node.script.moment in ("dial", "open")
    }
    struck = {
        plan.node
        for plan in view.scenario.faults
        if plan.fault in _STANDING_STILL and plan.at == "start" and plan.lasts is None
    }
    return scripted | struck
