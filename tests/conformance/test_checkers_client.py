"""What a recorder client asks, awaits, sends and takes for a loss: each clause both ways."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest

from conformance.history import (
    Addressed,
    Answered,
    AnswerEnded,
    Attempted,
    BodyEnded,
    BodyStarted,
    DialHung,
    Dialled,
    Disconnected,
    FaultApplied,
    Late,
    Overran,
    PolicyApplied,
    Requested,
    Settled,
    StreamBroken,
    Unreadable,
    WentAway,
)
from conformance.judgement import Status
from conformance.machine import State
from conformance.scenario import FaultPlan, RecorderNode, Script
from conformance.wire import SECOND, V1_RECORD, V2_RECORD, SSHAction
from tests.conformance.histories import (
    CHOOSING,
    FAILED,
    NEITHER,
    STREAMING,
    Story,
    Telling,
    aborted,
    add,
    address,
    change,
    drop,
    failed_over,
    header,
    lost_after_exit,
    not_recorded,
    recorded,
    rejected,
    status_of,
)

S = State
F, W, P, K = Status.FAIL, Status.WARN, Status.PASS, Status.SKIP
LATE = add("user", Late(by=10**9), before=Disconnected)
"""The engine's loop was late by a second when a connection ended."""
LOST = (*STREAMING, S.CONNECTION_LOST, S.CONTINUE_UNRECORDED, S.SESSION_COMPLETE)
ALLOWED = (*FAILED, S.SESSION_ALLOWED, S.SESSION_COMPLETE)
Act = Callable[[Story], None]


# --- stories --------------------------------------------------------------------------------------


def unopened(act: Act, *, failure: str = "no", speed: int = 1, **script: Any) -> Telling:
    """What passes at the only recorder, which takes nothing; the session goes on without."""
    s = Story(on_failure=NEITHER, speed=speed)
    s.connect()
    s.enter(*CHOOSING)
    act(s)
    s.attempt("rec1", failure)
    s.enter(S.TRY_FAILOVER, S.RECORDING_FAILED, S.SESSION_ALLOWED)
    s.start(recorded=False)
    s.exited(0)
    s.told(0)
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    telling = s.end(ALLOWED, notices=(3,))
    if script:
        node = RecorderNode(name="rec1", script=Script(**script))
        telling = telling.but(recorders=(node,))
    return telling


def leaves(s: Story, connection: str, by: str = "client") -> None:
    """Somebody ends a connection."""
    what = Disconnected(
        recorder=connection.partition("#")[0], connection=connection, by=by, how="fin"
    )
    s.note("network", what)


def probe(seconds: float, *answers: int, by: str = "client") -> Act:
    """A probe waits for an answer."""

    def act(s: Story) -> None:
        name = s.dial("rec1")
        s.request(name, 1, "HEAD", V2_RECORD, "2")
        s.wait(seconds)
        for status in answers:
            where: dict[str, Any] = {"recorder": "rec1", "connection": name, "stream": 1}
            s.note("network", Answered(**where, status=status))
        leaves(s, name, by)

    return act


def upload_v1(seconds: float, *answers: int, begun: bool = False, by: str = "client") -> Act:
    """A v1 upload waits for its 100, and is perhaps begun after these answers."""

    def act(s: Story) -> None:
        first = s.dial("rec1")
        s.request(first, 1, "HEAD", V2_RECORD, "2", 404)
        leaves(s, first)
        name = s.dial("rec1")
        s.request(name, 1, "POST", V1_RECORD, "1.1")
        s.wait(seconds)
        where: dict[str, Any] = {"recorder": "rec1", "connection": name, "stream": 1}
        for status in answers:
            s.note("network", Answered(**where, status=status))
        if begun:
            s.note("network", BodyStarted(**where))
        leaves(s, name, by)

    return act


def refused_v2(status: int, *, location: str = "", then: Act | None = None) -> Act:
    """A v2 upload is refused; what follows follows on its connection."""

    def act(s: Story) -> None:
        name = s.dial("rec1")
        s.request(name, 1, "HEAD", V2_RECORD, "2", 200)
        s.request(name, 3, "POST", V2_RECORD, "2")
        where: dict[str, Any] = {"recorder": "rec1", "connection": name, "stream": 3}
        s.note("network", Answered(**where, status=status, location=location))
        s.upload = where
        if then is not None:
            then(s)
        leaves(s, name)

    return act


def asks(method: str, path: str) -> Act:
    """Another request on the same connection."""
    return lambda s: s.request(s.upload["connection"], 5, method, path, "2", 404)


def begins(s: Story) -> None:
    """The body is begun all the same."""
    s.note("network", BodyStarted(**s.upload))


def dials_another(s: Story) -> None:
    """Dial a recorder that is not on the list."""
    s.note("world", Addressed(node="rec9", address=address("rec9")))
    s.dial("rec9")


def unreachable(seconds: float, *, speed: int = 1, fault: str = "unreachable") -> Telling:
    """A dial that nobody answers."""

    def act(s: Story) -> None:
        s.note("faults", FaultApplied(fault=fault, node="rec1"))
        s.wait(seconds)

    plans = (FaultPlan(fault=fault, node="rec1"),)
    return unopened(act, speed=speed).but(faults=plans)


def hung(*seconds: float, speed: int = 1, given_up: bool = True, by: str = "prod-1") -> Telling:
    """Dials that hang so long each, one after the other."""

    def act(s: Story) -> None:
        s.note("world", Addressed(node=by, address="127.0.0.2"))
        s.note("faults", FaultApplied(fault="unreachable", node="rec1"))
        for time in seconds:
            s.wait(time)
            lasted = int(time * SECOND)
            s.note(
                "network",
                DialHung(recorder="rec1", peer="127.0.0.2:6", lasted=lasted, given_up=given_up),
            )

    plans = (FaultPlan(fault="unreachable", node="rec1"),)
    return unopened(act, speed=speed).but(faults=plans)


def streamed(
    act: Act, *, lost: str | None = None, after: float = 0.0, speaks: Any = "v2", speed: int = 1
) -> Telling:
    """A session is recorded, something happens, and it counts as a loss or does not.

    It ends `after` seconds later.
    """
    s = Story(on_failure=NEITHER, speaks=speaks, speed=speed)
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    act(s)
    if lost is not None:
        s.enter(S.CONNECTION_LOST, S.CONTINUE_UNRECORDED, why=lost)
    s.wait(after)
    s.exited(0)
    s.told(0)
    if lost is None:
        s.body_ends()
        s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    path = LOST if lost is not None else (*STREAMING, S.SESSION_COMPLETE)
    node = RecorderNode(name="rec1", speaks=speaks, script=Script(does="error-frame"))
    return s.end(path, notices=(3,) if lost is not None else ()).but(recorders=(node,))


def closed(act: Act, *, lost: str | None = None, speaks: Any = "v2", speed: int = 1) -> Telling:
    """A session ends well, and something becomes of its recording after that."""
    s = Story(on_failure=NEITHER, speaks=speaks, speed=speed)
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    s.exited(0)
    s.told(0)
    s.body_ends()
    act(s)
    if lost is not None:
        s.enter(S.CONNECTION_LOST, S.CONTINUE_UNRECORDED, why=lost)
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    path = LOST if lost is not None else (*STREAMING, S.SESSION_COMPLETE)
    node = RecorderNode(name="rec1", speaks=speaks, script=Script(does="error-frame"))
    return s.end(path, notices=(3,) if lost is not None else ()).but(recorders=(node,))


def says(*pieces: bytes) -> Act:
    """The recorder says this, each piece in a DATA frame of its own."""

    def act(s: Story) -> None:
        for piece in pieces:
            s.answer(piece)

    return act


def ends(s: Story) -> None:
    """The answer ends."""
    s.note("network", AnswerEnded(**s.upload))


def resets(s: Story) -> None:
    """The recorder resets the stream."""
    s.note("network", StreamBroken(**s.upload, code=2))


def hangs_up(s: Story) -> None:
    """The recorder ends the connection."""
    s.gone("recorder", "fin")


def final(status: int) -> Act:
    """The final answer of v1."""

    def act(s: Story) -> None:
        s.note("network", Answered(**s.upload, status=status))
        s.note("network", AnswerEnded(**s.upload))

    return act


def redirected(s: Story) -> None:
    """A v1 upload is redirected at its end."""
    s.note("network", Answered(**s.upload, status=302, location="/x"))
    s.note("network", AnswerEnded(**s.upload))


def redirected_and_followed(s: Story) -> None:
    """The same, and the client goes there."""
    redirected(s)
    s.dial("rec1")


def says_and_ends(*pieces: bytes) -> Act:
    """The answer ends with this."""

    def act(s: Story) -> None:
        says(*pieces)(s)
        ends(s)

    return act


def waits(seconds: float) -> Act:
    """Nothing happens."""
    return lambda s: s.wait(seconds)


def both(first: Act, then: Act) -> Act:
    """One thing happens after the other."""

    def act(s: Story) -> None:
        first(s)
        then(s)

    return act


def goes_away(code: int = 0, last: int = 3) -> Act:
    """The recorder says GOAWAY."""

    def act(s: Story) -> None:
        where = {key: s.upload[key] for key in ("recorder", "connection")}
        s.note("network", WentAway(**where, last=last, code=code))

    return act


def late_header(seconds: float) -> Telling:
    """The header is sent some time after the recorder has taken the recording."""
    s = Story()
    s.connect()
    s.enter(*CHOOSING)
    name = s.dial("rec1")
    s.request(name, 1, "HEAD", V2_RECORD, "2", 200)
    s.request(name, 3, "POST", V2_RECORD, "2", 200)
    s.upload = {"recorder": "rec1", "connection": name, "stream": 3}
    s.attempt("rec1")
    s.enter(S.CONNECTED, S.STREAMING)
    s.start(recorded=True)
    s.wait(seconds)
    s.note("network", BodyStarted(**s.upload))
    s.hand(header(None))
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    s.store("rec1")
    return s.end((*STREAMING, S.SESSION_COMPLETE), recording="complete", recorded_by="rec1")


def shows_first(seconds: float) -> Act:
    """Output is shown, and handed over some time later."""

    def act(s: Story) -> None:
        s.show("two\n")
        s.wait(seconds)
        s.hand(b'[9.0,"o","two\\n"]\n')

    return act


def shows_only(seconds: float, stream: str = "stdout") -> Act:
    """Output is shown, and never handed over, however long the recorder is there for it."""

    def act(s: Story) -> None:
        s.show("two\n", stream)
        s.wait(seconds)
        s.gone("recorder", "reset")

    return act


def kept_idle(seconds: float, *, speed: int = 1) -> Telling:
    """The connection of a probe is kept beside a v1 upload."""
    s = Story(on_failure=NEITHER, speaks="v1", speed=speed)
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.note("network", AnswerEnded(recorder="rec1", connection="rec1#0", stream=1))
    s.note("network", BodyEnded(recorder="rec1", connection="rec1#0", stream=1))
    s.wait(seconds)
    leaves(s, "rec1#0")
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    return s.end((*STREAMING, S.SESSION_COMPLETE))


UPLOAD2: dict[str, Any] = {"recorder": "rec1", "connection": "rec1#0"}
ENDLESS = (b'{"ack":0,"note":"' + b"x" * (1 << 20), b"x")
HOSTILE = b'{"error":"no\\u001b[2J space"}\n'
GARBLED = add(
    "network",
    Unreadable(recorder="rec1", connection="rec1#1", side="recorder", why="?"),
    before=Disconnected,
    connection="rec1#1",
)
SERVER = Addressed(node="prod-1.example.ts.net", address="127.0.0.2", node_id="nPROD")


# --- clauses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("choose-8", recorded(), P),
        ("choose-8", recorded().but(change(Requested, {"method": "GET"}, stream=1)), F),
        ("choose-8", recorded().but(change(Requested, {"http": "1.1"}, stream=1)), F),
        ("choose-8", not_recorded(), None),
        ("choose-11", recorded(speaks="v1"), P),
        (
            "choose-11",
            recorded(speaks="v1").but(change(Requested, {"connection": "rec1#0"}, method="POST")),
            F,
        ),
        ("choose-11", recorded(), None),
        ("choose-12", recorded(), P),
        (
            "choose-12",
            recorded().but(change(Requested, {"connection": "rec1#7"}, method="POST")),
            W,
        ),
        ("choose-12", recorded(speaks="v1"), None),
        ("v1-4", recorded(speaks="v1"), P),
        ("v1-4", recorded(speaks="v1").but(change(Requested, {"chunked": None}, stream=1)), P),
        (
            "v1-4",
            recorded(speaks="v1").but(change(Requested, {"chunked": False}, method="POST")),
            F,
        ),
        (
            "v1-4",
            recorded(speaks="v1").but(change(Requested, {"expect_continue": False}, method="POST")),
            F,
        ),
        ("v1-4", recorded(), None),
        ("v2-7", recorded(), P),
        ("v2-7", recorded().but(change(Requested, {"http": "1.1"}, method="POST")), F),
        ("v2-7", recorded(speaks="v1"), None),
        ("choose-14", unopened(refused_v2(302, location="/x")), P),
        ("choose-14", unopened(refused_v2(302, location="/x", then=asks("GET", "/x"))), W),
        ("choose-14", unopened(refused_v2(503, then=asks("GET", "/x"))), None),
        (
            "choose-14",
            unopened(refused_v2(307, location="http://rec9:80/record", then=dials_another)),
            W,
        ),
        ("choose-14", closed(redirected, lost="302", speaks="v1"), P),
        ("choose-14", closed(redirected_and_followed, lost="302", speaks="v1"), W),
        ("choose-2", closed(redirected_and_followed, lost="302", speaks="v1"), P),
        ("choose-21", unopened(refused_v2(503)), P),
        ("choose-21", unopened(refused_v2(503, then=asks("POST", V2_RECORD))), F),
        ("choose-21", recorded(), None),
        ("choose-20", kept_idle(29), P),
        ("choose-20", kept_idle(40), W),
        ("choose-20", kept_idle(40, speed=10), K),
        ("choose-20", not_recorded(), None),
        ("v2-9", recorded().but(add("network", Settled(**UPLOAD2, push=False))), P),
        ("v2-9", recorded().but(add("network", Settled(**UPLOAD2))), W),
        ("v2-9", recorded(), None),  # a history in which nobody noted it
        ("v2-10", recorded().but(add("network", Settled(**UPLOAD2))), P),
        ("v2-10", recorded().but(add("network", Overran(**UPLOAD2, stream=3, what="more"))), F),
        ("v2-10", recorded(), None),
        ("privacy-5", recorded(), None),  # nobody says where the server is
        ("privacy-5", recorded().but(add("world", SERVER)), P),
        (
            "privacy-5",
            recorded().but(add("world", SERVER), change(Dialled, {"peer": "127.0.0.9:1"})),
            F,
        ),
    ],
)
def test_requests(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("choose-7", unreachable(5), P),
        ("choose-7", unreachable(10), P),  # two dials: choose-19
        ("choose-7", unreachable(15), F),
        ("choose-7", unreachable(15, speed=10), K),
        # Seen one by one, each has its 5 s.
        ("choose-7", hung(4.8, 4.9), P),
        ("choose-7", hung(6.6), F),
        ("choose-7", hung(4.8, 6.6), F),
        ("choose-7", hung(4.8, 6.6).from_outside(), F),
        ("choose-7", hung(6.6, speed=10), K),
        ("choose-7", hung(2, given_up=False), None),
        ("choose-7", hung(6.6, given_up=False), F),
        ("choose-7", hung(6.6, by="api-proxy"), P),  # the session's own took that long at most
        ("choose-7", unreachable(15, fault="backlog-full"), None),
        ("choose-7", rejected(), None),
        ("choose-9", unopened(probe(10)), P),
        ("choose-9", unopened(probe(15)), F),
        ("choose-9", unopened(probe(15, 404)), F),
        # 11.5 s and a second of them our own lateness: nobody can be blamed. Of 15 s, somebody can.
        ("choose-9", unopened(probe(11.5)).but(LATE), Status.ERROR),
        ("choose-9", unopened(probe(11.5)), F),
        ("choose-9", unopened(probe(15)).but(LATE), F),
        ("choose-9", unopened(probe(15), speed=10), K),
        ("choose-9", unopened(probe(15, by="recorder")), None),
        ("choose-9", aborted(), None),
        ("choose-18", unopened(upload_v1(5)), P),
        ("choose-18", unopened(upload_v1(9)), W),
        ("choose-18", unopened(upload_v1(9, 103)), W),
        ("choose-18", unopened(upload_v1(9, by="recorder")), None),
        ("choose-18", unopened(upload_v1(9), speed=10), K),
        ("choose-13", unopened(refused_v2(202)), P),
        ("choose-13", unopened(refused_v2(202, then=begins)), F),
        ("choose-13", unopened(upload_v1(0, 503, begun=True)), F),
        ("choose-13", unopened(upload_v1(0, 200, begun=True)), None),
        ("choose-13", recorded(), None),
        ("v1-5", unopened(upload_v1(0, 200)), P),
        ("v1-5", unopened(upload_v1(0, 200, begun=True)), F),
        ("v1-5", recorded(speaks="v1"), None),
        ("v1-6", recorded(speaks="v1"), P),
        ("v1-6", unopened(upload_v1(0, 100)), F),
        ("v1-6", unopened(upload_v1(0, 100, by="recorder")), None),
        ("v1-6", unopened(upload_v1(0, 100)).but(GARBLED), None),
        ("v1-6", unopened(upload_v1(2), does="late-continue", lasts=3), F),
        ("v1-6", unopened(upload_v1(4), does="late-continue", lasts=3), P),
        ("v1-6", unopened(upload_v1(2)), None),
        ("v1-8", unopened(upload_v1(0, 103, 100, begun=True)), P),
        ("v1-8", unopened(upload_v1(0, 103, begun=True)), F),
        ("v1-8", unopened(upload_v1(0, 103), does="early-hints"), F),
        ("v1-8", recorded(speaks="v1"), None),
        ("v1-1", unopened(upload_v1(0, begun=True)), F),
        ("v1-1", unopened(upload_v1(0, 103, begun=True)), P),  # v1-8's
        ("choose-15", rejected(), P),
        ("choose-15", rejected().but(change(Attempted, {"failure": ""})), F),
        ("choose-15", failed_over().but(change(Attempted, {"failure": ""})), F),
        ("choose-15", recorded(), None),
        ("choose-15", rejected().from_outside(), K),
        ("choose-16", recorded(), P),
        ("choose-16", recorded().but(drop(Attempted)), F),
        ("choose-16", failed_over().but(drop(Attempted, failure="")), F),
        ("choose-16", rejected(), None),
        ("choose-16", recorded().from_outside(), K),
        ("choose-17", unopened(upload_v1(5), does="silent", at="open"), P),
        ("choose-17", unopened(upload_v1(5), failure="", does="silent", at="open"), W),
        ("choose-17", rejected(), None),
    ],
)
def test_attempts(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_a_silent_recorder_is_given_up_for_the_next_one() -> None:
    listed = unopened(upload_v1(5), does="silent", at="open")
    two = listed.but(change_action(("rec1", "rec2")))
    assert status_of("choose-17", two.judged()) is W


def change_action(recorders: tuple[str, ...]) -> Any:
    """Let the action list more recorders than were tried."""
    action = SSHAction(accept=True, recorders=tuple(map(address, recorders)))
    return change(PolicyApplied, {"action": action})


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("streaming-21", recorded(), P),
        ("streaming-21", late_header(1), P),
        ("streaming-21", late_header(5), F),
        ("streaming-21", rejected(), None),
        ("streaming-22", recorded(), P),
        ("streaming-22", streamed(shows_first(1)), P),
        ("streaming-22", streamed(shows_first(5)), F),
        ("streaming-22", streamed(shows_first(5), speed=10), K),
        ("streaming-22", streamed(shows_only(5), lost="it was reset"), F),
        ("streaming-22", streamed(shows_only(1), lost="it was reset"), P),
        ("streaming-22", streamed(shows_only(5, "stderr"), lost="it was reset"), P),
        ("streaming-22", not_recorded(), None),
        ("streaming-4", recorded(), P),
        ("streaming-4", not_recorded(), None),
        ("streaming-10", streamed(ends, lost="it ended", after=9), P),
        ("streaming-10", streamed(ends, after=9), F),
        ("streaming-10", streamed(ends, after=0.1), None),  # nobody could have told them apart
        ("streaming-10", streamed(hangs_up, after=9, speaks="v1"), F),
        ("streaming-10", recorded(), None),
        ("v1-13", streamed(final(200), lost="it ended", after=9, speaks="v1"), P),
        ("v1-13", streamed(final(200), after=9, speaks="v1"), F),
        ("v1-13", streamed(final(500), after=9, speaks="v1"), F),
        ("v1-13", recorded(speaks="v1"), None),
        ("v2-16", streamed(resets, lost="it was reset", after=9), P),
        ("v2-16", streamed(resets, after=9), F),
        ("v2-16", streamed(hangs_up, after=9), F),
        ("v2-16", streamed(both(hangs_up, waits(20)), lost="it was gone", after=9), P),
        # Nobody saw it break: the ack window was over.
        ("v2-16", streamed(both(hangs_up, waits(30)), lost="no ack came", after=9), F),
        ("v2-16", recorded(), None),
        ("acks-10", streamed(says(b'{"error":"no space"}'), lost="recorder: no space"), P),
        ("acks-10", streamed(says(b'{"error":"no space"}'), lost="it failed"), F),
        ("acks-10", streamed(says(b'{"error":"no space"}'), after=9), F),
        ("acks-10", lost_after_exit(), P),
        ("acks-10", recorded(), None),
        ("acks-11", streamed(says(b"<html>"), lost="not JSON"), P),
        ("acks-11", streamed(says(b"<html>"), after=9), F),
        ("acks-11", streamed(says(b'{"ack":"7"}'), after=9), F),
        ("acks-11", streamed(says(b"[7]"), after=9), F),
        ("acks-11", closed(says_and_ends(b'{"ack":'), lost="cut off"), P),
        ("acks-11", closed(says_and_ends(b'{"ack":')), F),
        ("acks-11", recorded(), None),
        ("acks-8", streamed(says(b"{}"), after=9), P),
        ("acks-8", streamed(says(b"{}"), lost="no number", after=9), F),
        ("acks-8", recorded(), None),
        ("acks-9", streamed(says(b'{"ack":0,"new":1}'), after=9), P),
        ("acks-9", streamed(says(b'{"ack":0,"new":1}'), lost="new", after=9), F),
        ("acks-12", streamed(says(b'{"ack":0}{"ack":0}'), after=9), P),
        ("acks-12", streamed(says(b'{"ack":0}{"ack":0}'), lost="two", after=9), F),
        ("acks-12", streamed(says(b'{"a', b'ck":0}'), lost="cut", after=9), F),
        # There was a reason: what is odd is not to blame.
        ("acks-12", streamed(says(b'{"a', b'ck":0}<'), lost="junk", after=9), None),
        ("acks-9", streamed(says(b'{"ack":0,"new":1}', b"<"), lost="junk", after=9), None),
        ("v2-15", streamed(goes_away(), after=9), P),
        ("v2-15", streamed(goes_away(), lost="going away", after=9), F),
        ("v2-15", streamed(goes_away(code=2), lost="going away", after=9), None),
        ("v2-15", streamed(goes_away(last=1), lost="going away", after=9), None),
        ("v1-11", closed(final(500), lost="500", speaks="v1"), P),
        ("v1-11", closed(final(500), speaks="v1"), F),
        ("v1-11", closed(hangs_up, speaks="v1"), F),
        ("v1-11", recorded(speaks="v1"), None),
        ("v1-12", closed(waits(30), lost="none", speaks="v1"), P),
        ("v1-12", closed(waits(40), lost="none", speaks="v1"), W),
        ("v1-12", closed(waits(40), lost="none", speaks="v1", speed=10), K),
        ("v1-12", recorded(speaks="v1"), None),
        ("streaming-23", closed(waits(30), lost="none"), P),
        ("streaming-23", closed(waits(40), lost="none"), W),
        ("streaming-23", recorded(), None),
        ("streaming-11", recorded(), P),
        ("streaming-11", recorded(speaks="v1"), P),
        ("streaming-11", closed(says_and_ends(b'{"ack":9}'), lost="it ended"), F),
        ("streaming-11", lost_after_exit(), None),
        ("hostile-14", streamed(says(*ENDLESS), lost="too long", after=9), P),
        ("hostile-14", streamed(says(*ENDLESS, b'"}'), after=9), W),
        ("hostile-14", streamed(says(ENDLESS[0][:-1000], b'"}'), after=9), None),
        ("hostile-14", streamed(says(ENDLESS[0][:-1000]), lost="too long", after=9), P),
        ("hostile-15", streamed(says(HOSTILE), lost="recorder: no?[2J space"), P),
        ("hostile-15", streamed(says(HOSTILE), lost="recorder: no\x1b[2J space"), W),
        ("hostile-15", streamed(says(b'{"error":"no"}'), lost="recorder: no"), None),
    ],
)
def test_sending_and_losses(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


@pytest.mark.parametrize(("lost", "status"), [(None, P), ("not JSON", F)])
def test_an_answer_in_an_offered_coding(lost: str | None, status: Status) -> None:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    packed = packer.compress(b'{"ack":0}\n') + packer.flush(zlib.Z_SYNC_FLUSH)
    telling = streamed(says(packed), lost=lost, after=9).but(
        change(Requested, {"offers": "gzip"}, stream=3),
        change(Answered, {"coding": "gzip"}, stream=3),
    )
    assert status_of("v2-8", telling.judged()) is status
    unoffered = telling.but(change(Requested, {"offers": ""}, stream=3))
    assert status_of("v2-8", unoffered.judged()) is None


@pytest.mark.parametrize("clause", ["choose-12", "machine-2", "streaming-5"])
def test_a_new_connection_after_a_goaway_is_choose_12s_alone(clause: str) -> None:
    goaway = add("network", WentAway(**UPLOAD2, last=1), before=Requested, method="POST")
    moved = recorded().but(goaway, change(Requested, {"connection": "rec1#7"}, method="POST"))
    other = moved.expecting(path=ALLOWED, exit=9)
    assert status_of(clause, other.judged()) is (W if clause == "choose-12" else K)


def test_an_upload_that_crosses_with_the_goaway_may_be_sent_again_elsewhere() -> None:
    again = Requested(
        recorder="rec1", connection="rec1#7", stream=1, method="POST", path=V2_RECORD, http="2"
    )
    crossed = recorded().but(
        add("network", WentAway(**UPLOAD2, last=1), before=Answered, stream=3),
        add("network", again, before=BodyStarted),
    )
    other = crossed.expecting(path=ALLOWED, exit=9)
    assert status_of("machine-2", other.judged()) is K
    covered = other.but(change(WentAway, {"last": 3}))
    assert status_of("machine-2", covered.judged()) is F
