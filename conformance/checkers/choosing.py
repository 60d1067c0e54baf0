"""Choosing a recorder: order, budget, probe (protocol section 3)."""

from __future__ import annotations

from itertools import groupby

from conformance.checking import Findings, checks
from conformance.history import Aborted, Answered, BodyStarted, Dialled, Disconnected, Requested
from conformance.lateness import measured
from conformance.machine import State
from conformance.sessions import NO_REPORT, SessionView, View
from conformance.wire import V1_RECORD, V2_RECORD, Timers

GRACE = 1_000_000_000
"""Nanoseconds that a timer may be late before it counts as broken."""


@checks("choose-1", "choose-2", "choose-6")
def order(view: View, out: Findings) -> None:
    """Hold what the server says it tried against the action's list."""
    for session in view.sessions.values():
        listed = session.action.recorders if session.action else None
        if not listed or session.plan.run == "sftp":
            continue
        if session.server is None:
            for clause in ("choose-1", "choose-6"):
                out.unseen(
                    clause, f"{NO_REPORT}, and a refused dial is not seen", session=session.name
                )
            continue
        tried = [attempt.recorder for attempt in session.attempted]
        out.expect(
            "choose-1",
            tried == list(listed[: len(tried)]),
            "recorders were not tried in the order of the action",
            f"listed {list(listed)}",
            f"tried {tried}",
            session=session.name,
        )
        _outcome(view, session, listed, out)


def _outcome(view: View, session: SessionView, listed: tuple[str, ...], out: Findings) -> None:
    took = {view.addresses.get(a, a): a for a in listed}
    opened = {took.get(upload.recorder) for upload in view.uploads if upload.opened_at is not None}
    last = session.attempted[-1:]
    # One that has no message, and took nothing, has failed without words: choose-15.
    successes = [
        a.recorder
        for a in session.attempted
        if not a.failure
        and (a.recorder in opened or ([a] == last and State.CONNECTED in session.path))
    ]
    last_is_success = bool(last) and not last[0].failure
    if successes:
        out.expect(
            "choose-2",
            len(successes) == 1 and last_is_success,
            "a recorder was tried after one had taken the recording",
            [(a.recorder, a.failure) for a in session.attempted],
            session=session.name,
        )
    elif State.RECORDING_FAILED in session.path and not _out_of_time(view, session):
        tried = {attempt.recorder for attempt in session.attempted}
        out.expect(
            "choose-6",
            tried >= set(listed),
            f"only {len(tried)} of {len(listed)} recorders were tried",
            session=session.name,
        )


def _out_of_time(view: View, session: SessionView) -> bool:
    begin = session.state_at(State.FIND_RECORDER)
    end = session.state_at(State.RECORDING_FAILED)
    budget = view.timers.choose
    return begin is not None and end is not None and end - begin >= budget - budget // 50


@checks("choose-2", "choose-5")
def contacts(view: View, out: Findings) -> None:
    """Hold the dials that the relay saw against the sessions that may dial at all."""
    recording = [
        s
        for s in view.sessions.values()
        if s.plan.run != "sftp" and s.action is not None and s.action.recording_required
    ]
    quiet = [s for s in view.sessions.values() if s.plan.run == "sftp" or s not in recording]
    if quiet and not recording and all(s.server or s.action or s.plan.run == "sftp" for s in quiet):
        out.expect(
            "choose-5",
            not view.dialled,
            "a recorder was contacted for a session that is not recorded",
            *[e.what for e in view.dialled[:3]],
        )
    if len(view.sessions) == 1 and len(recording) == 1:
        _no_dial_after_success(view, recording[0], out)


def _no_dial_after_success(view: View, session: SessionView, out: Findings) -> None:
    winner = None
    if State.CONNECTED in session.path:
        winner = next((a.recorder for a in reversed(session.attempted) if not a.failure), None)
    if session.upload is not None and session.upload.taken:
        winner = session.upload.recorder
    if winner is None:
        return
    nodes = [e.what.recorder for e in view.dialled if isinstance(e.what, Dialled)]
    order_seen = [name for name, _ in groupby(nodes)]
    out.expect(
        "choose-2",
        order_seen[-1:] == [view.addresses.get(winner, winner)],
        "another recorder was dialled after one had taken the recording",
        order_seen,
        session=session.name,
    )


@checks("choose-3")
def budget(view: View, out: Findings) -> None:
    """Measure how long choosing took."""
    for session in view.sessions.values():
        if session.server is None:
            if session.action is None or session.action.recording_required:
                out.unseen("choose-3", NO_REPORT, session=session.name)
            continue
        begin = session.state_at(State.FIND_RECORDER)
        done = session.state_at(State.CONNECTED) or session.state_at(State.RECORDING_FAILED)
        if begin is None:
            continue
        if view.speed != 1:
            out.unseen("choose-3", "the timers were sped up", session=session.name)
        elif done is None:
            left = next((e.at for e in session.reports if isinstance(e.what, Aborted)), begin)
            out.expect(
                "choose-3",
                session.aborted and left - begin <= Timers().choose + GRACE,
                f"choosing did not end, or the user left after {(left - begin) / 1e9:.1f} s",
                session=session.name,
            )
        else:
            measured(
                view,
                out,
                "choose-3",
                (begin, done),
                Timers().choose + GRACE,
                f"choosing took {(done - begin) / 1e9:.1f} s",
                session=session.name,
            )


@checks("choose-4", "choose-22", "v1-1", "v2-1")
def requests(view: View, out: Findings) -> None:
    """Follow each connection through probe, answer and first body byte."""
    probed: set[str] = set()  # connections, and recorders whose probe was not used up
    heads: dict[tuple[str, int], Requested] = {}
    answered: set[tuple[str, int]] = set()
    asked: set[str] = set()
    mute: set[str] = set()
    for event in view.of("network"):
        what = event.what
        if isinstance(what, Dialled):
            mute.add(what.connection)
        elif isinstance(what, Disconnected) and what.connection in mute:
            # A v1 recorder may end the connection at the preface, before the probe's head comes.
            asked.add(what.recorder)
        elif isinstance(what, Requested):
            mute.discard(what.connection)
            heads[what.connection, what.stream] = what
            if what.http == "2" or what.path == V2_RECORD:  # in which form is choose-8's
                asked.add(what.recorder)
            if what.method == "POST":
                _post(what, probed, asked, out)
        elif isinstance(what, Answered):
            head = heads.get((what.connection, what.stream))
            if head is None:
                continue
            if head.method == "HEAD" and what.status == 200 and head.http == "2":
                probed |= {what.connection, what.recorder}
            answered.add((what.connection, what.stream))
        elif isinstance(what, BodyStarted):
            head = heads.get((what.connection, what.stream))
            if head is not None:
                clause, sign = (
                    ("v2-1", "200 headers") if head.http == "2" else ("v1-1", "interim 100")
                )
                out.expect(
                    clause,
                    # After another answer it is choose-13's, v1-5's or v1-8's.
                    (what.connection, what.stream) in answered,
                    f"body bytes were sent before the {sign} arrived",
                    head,
                )


def _post(what: Requested, probed: set[str], asked: set[str], out: Findings) -> None:
    if what.path == V2_RECORD:
        out.expect(
            "choose-4",
            what.http == "2" and bool({what.connection, what.recorder} & probed),
            "v2 was used without a probe that was answered 200 over HTTP/2",
            what,
        )
        # A probe stands for one upload elsewhere: its own connection may have been taken away.
        probed.discard(what.recorder)
    elif what.path == V1_RECORD:
        out.expect(
            "choose-4",
            what.http == "1.1" or bool({what.connection, what.recorder} & probed),
            "an upload went over HTTP/2 without a probe that was answered 200 over it",
            what,
        )
        out.expect(
            "choose-22",
            what.recorder in asked,
            "v1 was used without a probe for v2 first",
            what,
        )
