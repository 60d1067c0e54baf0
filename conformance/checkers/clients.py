"""What a recorder client must do, as far as it shows: held for clients under test only.

The SSH server of such a run is ours and reports what its client said; the network is seen by the
relay. These checks stand beside those of every run, which judge the SSH server.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checking import Findings
from conformance.history import Aborted, Answered, Disconnected, GaveUp, Requested
from conformance.machine import State
from conformance.sessions import SessionView, View
from conformance.uploads import Upload, header_of
from conformance.wire import SECOND, V1_RECORD, V2_RECORD, Timers

GRACE = SECOND
"""Nanoseconds that a timer may be late before it counts as broken."""
_STANDING_STILL = frozenset({"silent", "stopped", "black-hole"})
"""Faults with which a recorder accepts connections and says nothing."""


def judge_client(view: View, out: Findings) -> None:
    """Hold all that can be seen of a recorder client against what binds it."""
    _requests(view, out)
    for session in view.sessions.values():
        if session.server is None:
            continue
        _choosing(session, out)
        _attempts(view, session, out)
        upload = session.upload
        if upload is not None and upload.taken:
            _body(session, upload, out)
            _loss(view, session, upload, out)
            _final_answer(session, upload, out)


# --- requests -------------------------------------------------------------------------------------


def _requests(view: View, out: Findings) -> None:
    """Each request's form, and the connection that it goes over."""
    probes: set[str] = set()
    for what in (event.what for event in view.of("network")):
        if not isinstance(what, Requested):
            continue
        if what.method == "HEAD" and what.path == V2_RECORD:
            probes.add(what.connection)
            out.expect("choose-8", what.http == "2", "the probe was not made over HTTP/2", what)
        elif what.method == "POST" and what.path == V2_RECORD:
            out.expect("v2-7", what.http == "2", "a v2 upload was not made over HTTP/2", what)
            over_probe = what.connection in probes
            out.expect("choose-12", over_probe, "a v2 upload left its probe's connection", what)
        elif what.method == "POST" and what.path == V1_RECORD:
            right = what.http == "1.1" and what.expect_continue
            out.expect("v1-4", right, "a v1 upload lacks HTTP/1.1 or Expect: 100-continue", what)
            alone = what.connection not in probes
            out.expect("choose-11", alone, "a v1 upload went over its probe's connection", what)


# --- choosing -------------------------------------------------------------------------------------


def _choosing(session: SessionView, out: Findings) -> None:
    """The 30 s bind also when the user did not wait for them to pass."""
    begin = session.state_at(State.FIND_RECORDER)
    left = next((e.at for e in session.reports if isinstance(e.what, Aborted)), None)
    if begin is None or left is None:
        return
    waited = left - begin
    if waited > Timers().choose + GRACE:
        out.broken(
            "choose-3",
            f"no recorder was found, and none was given up, in {waited / SECOND:.1f} s; then the"
            " user left",
            session=session.name,
        )


def _attempts(view: View, session: SessionView, out: Findings) -> None:
    chosen = {State.CONNECTED, State.RECORDING_FAILED} & set(session.path)
    names = [view.addresses.get(a.recorder, a.recorder) for a in session.attempted]
    if State.CONNECTED in session.path and session.attempted:
        last = session.attempted[-1]
        upload = session.upload
        out.expect(
            "choose-16",
            not last.failure and (upload is None or upload.recorder == names[-1]),
            "the last attempt is not that of the recorder that took the recording",
            [(a.recorder, a.failure) for a in session.attempted],
            session=session.name,
        )
    if chosen and session.attempted:
        failed = session.attempted[: -1 if State.CONNECTED in session.path else None]
        out.expect(
            "choose-15",
            all(a.failure for a in failed),
            "an attempt that failed has no message that says why",
            [(a.recorder, a.failure) for a in session.attempted],
            session=session.name,
        )
    dialled = {getattr(e.what, "recorder", "") for e in view.dialled}
    for name in sorted(_silent(view) & dialled) if len(view.sessions) == 1 else ():
        gone_on = name in names and bool(session.attempted[names.index(name)].failure)
        out.expect(
            "choose-17",
            gone_on or not (chosen or _long_aborted(session)),
            "a recorder that accepts the connection and stays silent was not given up",
            name,
            session=session.name,
        )


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


# --- the recording --------------------------------------------------------------------------------


def _body(session: SessionView, upload: Upload, out: Findings) -> None:
    out.expect(
        "streaming-21",
        header_of(upload) is not None,
        "the body does not begin with the header line",
        upload.body[:100],
        session=session.name,
    )
    if State.SESSION_COMPLETE in session.path and State.CONNECTION_LOST not in session.path:
        out.expect(
            "streaming-4",
            upload.body_ended,
            "the session ended normally, and the body was never ended",
            session=session.name,
        )
    if upload.clean and not upload.answer_ended_first and upload.http == "1.1":
        out.expect(
            "streaming-11",
            State.CONNECTION_LOST not in session.path,
            "a recording that was ended with success counts as lost",
            session=session.name,
        )


def _loss(view: View, session: SessionView, upload: Upload, out: Findings) -> None:
    """What the transport says is a loss, and that nobody heard of it is none of its time."""
    ended = _broke_off(view, upload)
    if ended is None or (session.hung_up and not session.gave_up):
        return
    clause = "v2-16" if upload.http == "2" and upload.answer_ended_at is None else "streaming-10"
    lost = session.state_at(State.CONNECTION_LOST)
    given_up = next(_given_up(view, session), None)
    in_time = lost is not None and (given_up is None or lost < given_up)
    out.expect(
        clause,
        in_time,
        "the recorder broke the recording off, and the client did not say so before the user had"
        " given up",
        f"broken off by {upload.recorder}",
        f"the user waited for {((given_up or lost or ended) - ended) / SECOND:.1f} s",
        session=session.name,
    )


def _given_up(view: View, session: SessionView) -> Iterator[int]:
    for event in view.of("user"):
        if isinstance(event.what, GaveUp) and event.what.session == session.name:
            yield event.at


def _broke_off(view: View, upload: Upload) -> int | None:
    """Return when the recorder ended an upload that its client had not ended, if it did."""
    if upload.body_ended:
        return None
    if upload.answer_ended_at is not None:
        return upload.answer_ended_at
    for event in view.of("network"):
        what = event.what
        if isinstance(what, Disconnected) and what.connection == upload.connection:
            return event.at if what.by == "recorder" else None
        if (
            isinstance(what, Answered)
            and (what.connection, what.stream) == (upload.connection, upload.stream)
            and what.status >= 200
            and upload.http == "1.1"
        ):
            return event.at
    return None


def _final_answer(session: SessionView, upload: Upload, out: Findings) -> None:
    """Measure how long an answer was awaited that never came."""
    lost = session.state_at(State.CONNECTION_LOST)
    ended = upload.body_ended_at
    over = upload.answer_ended_at is not None
    if lost is None or ended is None or over or lost - ended < Timers().final - GRACE:
        return
    waited = lost - ended
    out.expect(
        "streaming-23" if upload.http == "2" else "v1-12",
        waited <= Timers().final + GRACE,
        f"the final answer was awaited for more than {waited / SECOND:.0f} s",
        upload.recorder,
        session=session.name,
    )
