"""What a server claims is held against what passed, and what is stored against who came."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checking import judge
from conformance.history import (
    AnswerBody,
    BodyEnded,
    CommandExited,
    CommandStarted,
    Dialled,
    Disconnected,
    ExitSeen,
    Handed,
    NoticeReceived,
    Played,
    Shown,
    Stored,
    Survived,
)
from conformance.judgement import Status
from conformance.machine import State
from conformance.scenario import FaultPlan, OnFailure
from conformance.wire import V1_RECORD, V2_RECORD
from tests.conformance.histories import (
    CHOOSING,
    Edit,
    Story,
    Telling,
    add,
    allowed,
    change,
    drop,
    failed_over,
    later,
    recorded,
    status_of,
    terminated,
)


@pytest.mark.parametrize(
    ("clause", "edit", "status"),
    [
        ("choose-2", add("network", Dialled(recorder="rec1", connection="x", peer="p")), "fail"),
        ("storage-3", add("storage", Stored(store="rec1", path="n/x", data=b"stray")), "fail"),
        ("storage-10", change(Stored, {"path": "nOTHER/2026-01-02T03:04:05Z.cast"}), "warn"),
        ("storage-7", change(Stored, {"path": "nLAPTOP/1999-01-01T00:00:00Z.cast"}), "warn"),
    ],
)
def test_a_claim_that_is_not_so(clause: str, edit: Edit, status: str) -> None:
    judgement = recorded().but(edit).judged()
    assert status_of(clause, judgement) is Status(status)


ELSEWHERE = change(Stored, {"path": "nOTHER/1999-01-01T00:00:00Z.cast"})
ID = b'"srcNodeID":"nLAPTOP"'


def with_header(old: bytes, new: bytes) -> Telling:
    """Another header is sent, and stored as it was sent."""
    telling = recorded()
    head = next(e.what.data for e in telling.history if isinstance(e.what, Handed))
    body = next(e.what.data for e in telling.history if isinstance(e.what, Stored))
    assert old in head
    sent = head.replace(old, new)
    return telling.but(
        change(Handed, {"data": sent}, data=head),
        change(Stored, {"data": sent + body.removeprefix(head)}),
    )


@pytest.mark.parametrize(
    ("telling", "node", "time"),
    [
        (with_header(ID, ID), "warn", "warn"),
        # What cannot be a folder's name has to be stored under another one.
        (with_header(ID, b'"srcNodeID":"../up"'), None, "warn"),
        # A header that says nothing of node or time is held against no path.
        (with_header(ID, b'"srcNodeID":7'), None, None),
        (with_header(b"{", b"<"), None, None),
    ],
)
def test_a_recording_lies_where_its_header_says(
    telling: Telling, node: str | None, time: str | None
) -> None:
    judgement = telling.but(ELSEWHERE).judged()
    assert status_of("storage-10", judgement) is (node and Status(node))
    assert status_of("storage-7", judgement) is (time and Status(time))
    assert "storage-3" not in {found.clause for found in judgement.findings}


def dialled_backwards(**more: Any) -> Telling:
    """The second recorder is dialled first, refuses, and is not spoken of."""
    s = Story(recorders=("rec1", "rec2"), record=("rec1", "rec2"))
    s.connect()
    s.enter(*CHOOSING)
    name = s.dial("rec2")
    s.request(name, 1, "HEAD", V2_RECORD, "2", 200)
    s.request(name, 3, "POST", V2_RECORD, "2", 503)
    s.taken("rec1")
    s.write("one\n")
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(State.SESSION_COMPLETE)
    s.leave()
    s.store("rec1")
    path = (*CHOOSING, State.CONNECTED, State.STREAMING, State.SESSION_COMPLETE)
    telling = s.end(path, shows=("one",), recording="complete", recorded_by="rec1")
    return telling.but(**more)


def test_the_wire_tells_who_was_dialled_first_and_that_nobody_said_so() -> None:
    judgement = dialled_backwards().judged()
    assert status_of("choose-1", judgement) is Status.FAIL
    assert status_of("choose-15", judgement) is Status.FAIL
    # Its own words hide it: without the wire nothing would be wrong.
    assert status_of("choose-2", judgement) is Status.PASS
    assert status_of("machine-2", judgement) is Status.PASS


def test_the_order_on_the_wire_is_seen_without_a_word_of_the_server() -> None:
    assert status_of("choose-1", dialled_backwards().from_outside().judged()) is Status.FAIL
    assert status_of("choose-1", failed_over().from_outside().judged()) is Status.SKIP


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        (("rec2", "rec1"), Status.SKIP),
        (("rec1", "rec2", "rec1"), Status.SKIP),
        (("rec1", "rec2"), Status.FAIL),
    ],
)
def test_a_recorder_that_is_listed_twice_may_be_dialled_twice(
    listed: tuple[str, ...], status: Status
) -> None:
    s = Story(recorders=("rec1", "rec2"), record=listed)
    s.connect()
    s.enter(*CHOOSING)
    name = s.dial("rec2")
    s.request(name, 1, "HEAD", V2_RECORD, "2", 200)
    s.request(name, 3, "POST", V2_RECORD, "2", 503)
    s.taken("rec1")
    assert (
        status_of("choose-1", s.end((*CHOOSING, State.CONNECTED)).from_outside().judged()) is status
    )


def test_a_dial_that_may_leave_no_trace_is_held_against_nobody() -> None:
    faults = (FaultPlan(fault="refused", node="rec2", lasts=1.0),)
    assert status_of("choose-1", dialled_backwards(faults=faults).judged()) is Status.PASS


def test_a_recorder_that_took_nothing_is_not_the_one_that_took_the_recording() -> None:
    """Nothing passed on the wire, and the server says that it is recorded."""
    s = Story()
    s.connect()
    s.enter(*CHOOSING)
    s.attempt("rec1")
    s.enter(State.CONNECTED, State.STREAMING)
    s.start(recorded=True)
    s.show("one\n")
    s.exited(0)
    s.told(0)
    s.enter(State.SESSION_COMPLETE)
    s.leave()
    telling = s.end((*CHOOSING, State.CONNECTED, State.STREAMING, State.SESSION_COMPLETE))
    assert status_of("choose-16", telling.judged()) is Status.FAIL
    assert status_of("choose-16", judge(None, telling.history)) is Status.FAIL


SURVIVED = add("world", Survived(pid=7, command="sleep 300"))


@pytest.mark.parametrize(
    ("telling", "status"), [(terminated(), "fail"), (terminated().from_outside(), "fail")]
)
def test_nothing_of_a_terminated_session_runs_on(telling: Telling, status: str) -> None:
    assert status_of("failure-7", telling.but(SURVIVED).judged()) is Status(status)


def test_a_process_that_survives_an_ended_session_is_nobody_s_fault() -> None:
    assert status_of("failure-7", recorded().but(SURVIVED).judged()) is None


@pytest.mark.parametrize(
    ("refused", "then", "status"),
    [("rec1", "rec1", "fail"), ("rec1", "rec2", "pass"), ("rec2", "rec1", "pass")],
)
def test_v1_is_no_way_around_a_refusal_over_v2(refused: str, then: str, status: str) -> None:
    s = Story(recorders=("rec1", "rec2"), record=("rec1", "rec2"))
    s.connect()
    s.enter(*CHOOSING)
    name = s.dial(refused)
    s.request(name, 1, "HEAD", V2_RECORD, "2", 200)
    s.request(name, 3, "POST", V2_RECORD, "2", 503)
    s.request(s.dial(then), 1, "POST", V1_RECORD, "1.1", 100)
    assert status_of("choose-10", s.end(CHOOSING).judged()) is Status(status)


@pytest.mark.parametrize(("waited", "status"), [(30.0, "pass"), (28.5, "fail"), (31.5, "fail")])
def test_what_comes_after_the_client_left_says_nothing_of_its_wait(
    waited: float, status: str
) -> None:
    """A process that stands still is let go on at the end, and acks to nobody."""
    stopped = terminated().but(
        change(Disconnected, {"by": "client", "how": "fin"}),
        later(Disconnected, waited),
        faults=(FaultPlan(fault="stopped", node="rec1"),),
    )
    assert status_of("acks-14", stopped.judged()) is Status(status)
    ack = AnswerBody(recorder="rec1", connection="rec1#0", stream=3, data=b"{}")
    assert status_of("acks-14", stopped.but(add("network", ack)).judged()) is Status(status)


STOPPED = (FaultPlan(fault="stopped", node="rec1"),)
FAST = change(Played, {"speed": 10})
LEFT = (change(Disconnected, {"by": "client", "how": "fin"}), later(Disconnected, 28.5))
UPLOAD: dict[str, Any] = {"recorder": "rec1", "connection": "rec1#0", "stream": 3}


@pytest.mark.parametrize(
    ("telling", "status"),
    [
        (terminated().but(*LEFT, faults=STOPPED), "fail"),
        (terminated().but(*LEFT, FAST, faults=STOPPED), "skip"),
        # Seen from outside it is as good, and where nothing tells of a loss it is not seen at all.
        (terminated().but(*LEFT, faults=STOPPED).from_outside(), "fail"),
        (
            terminated()
            .but(*LEFT, drop(Shown), drop(ExitSeen), drop(NoticeReceived), faults=STOPPED)
            .from_outside(),
            "skip",
        ),
        # The recorder broke it off, or nobody did: then nobody gave up.
        (terminated().but(later(Disconnected, 28.5), faults=STOPPED), None),
        (terminated().but(drop(Disconnected), faults=STOPPED), None),
        # Over v1 there are no frames, and after the end of the body other limits count.
        (terminated(speaks="v1").but(faults=STOPPED), None),
        (terminated().but(*LEFT, add("network", BodyEnded(**UPLOAD)), faults=STOPPED), None),
        (recorded().but(faults=STOPPED), None),
        (recorded().but(drop(BodyEnded), faults=STOPPED), None),
        (terminated().but(*LEFT), None),
    ],
)
def test_the_ack_window_is_measured_where_a_client_gave_up(
    telling: Telling, status: str | None
) -> None:
    assert status_of("acks-14", telling.judged()) is (status and Status(status))


SILENT = (FaultPlan(fault="black-hole", node="control"),)
QUIET = OnFailure(notify=False)


@pytest.mark.parametrize(
    ("telling", "status"),
    [
        (allowed().but(faults=SILENT), "pass"),
        (terminated().but(faults=SILENT), "pass"),
        (allowed().but(later(CommandStarted, 2.0), faults=SILENT), "pass"),
        (allowed().but(later(CommandStarted, 5.0), faults=SILENT), "warn"),
        (terminated().but(later(CommandExited, 5.0), faults=SILENT), "warn"),
        (allowed().but(drop(CommandStarted), drop(CommandExited), faults=SILENT), "warn"),
        (allowed().but(faults=SILENT).from_outside(), "skip"),
        # Nobody is told of it, nothing failed, or the control plane answers.
        (allowed(on_failure=QUIET).but(faults=SILENT), None),
        (allowed(on_failure=QUIET).but(faults=SILENT).from_outside(), None),
        (recorded().but(faults=SILENT), None),
        (allowed().but(later(CommandStarted, 5.0)), None),
        (
            allowed().but(
                later(CommandStarted, 5.0), faults=(FaultPlan(fault="refused", node="control"),)
            ),
            None,
        ),
    ],
)
def test_a_control_plane_that_takes_no_notice_holds_nobody_up(
    telling: Telling, status: str | None
) -> None:
    assert status_of("notice-8", telling.judged()) is (status and Status(status))
