from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checkers.wire import frames
from conformance.history import AnswerBody, Answered, AnswerEnded, BodyEnded, Event, HungUp, Late
from conformance.judgement import Status
from conformance.machine import State
from conformance.wire import SECOND
from tests.conformance.histories import (
    CHOOSING,
    STREAMING,
    Edit,
    Story,
    Telling,
    add,
    change,
    drop,
    lost_after_exit,
    not_recorded,
    recorded,
    rejected,
    status_of,
    terminated,
)

S = State
F, P, K, W, E = Status.FAIL, Status.PASS, Status.SKIP, Status.WARN, Status.ERROR


def streamed(middle: Callable[[Story], None], **story: object) -> Telling:
    """A recorded session, with something in its middle."""
    s = Story(**story)  # type: ignore[arg-type]
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    middle(s)
    s.exited(0)
    s.told(0)
    s.body_ends()
    s.answer_ends()
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    s.store("rec1")
    return s.end(
        (*STREAMING, S.SESSION_COMPLETE),
        shows=("one",),
        recording="complete",
        recorded_by="rec1",
    )


def answering(*data: bytes) -> Telling:
    def answer(s: Story) -> None:
        for piece in data:
            s.answer(piece)

    return streamed(answer)


def idle(*seconds: float, **story: object) -> Telling:
    def pause(s: Story) -> None:
        for gap in seconds:
            s.wait(gap)
            s.ack()

    return streamed(pause, **story)


def late(by_s: float, loop: str = "engine") -> Edit:
    """Our own loop is late by this, seen when the body ends."""
    return add("user", Late(by=int(by_s * SECOND), loop=loop), before=BodyEnded, stream=3)


@pytest.mark.parametrize(
    ("clause", "telling", "status"),
    [
        ("v2-2", recorded(), P),
        ("v2-2", rejected(), None),
        ("v1-2", recorded(speaks="v1"), P),
        ("v1-3", recorded(speaks="v1"), P),
        ("v1-3", recorded(speaks="v1").but(change(Answered, {"status": 500}, status=200)), F),
        ("v1-3", recorded(speaks="v1").but(drop(Answered, status=200)), F),
        ("v1-3", recorded(speaks="v1").but(drop(BodyEnded)), None),
        ("v1-3", recorded(), None),
        ("acks-3", recorded(), P),
        ("acks-3", recorded().but(change(AnswerBody, {"data": b'{"ack":1}'})), F),
        ("acks-3", recorded().but(drop(AnswerBody)), F),
        ("acks-3", lost_after_exit(), None),  # its recorder is disturbed
        ("acks-3", recorded(speaks="v1"), None),
        ("acks-4", recorded(), P),
        ("acks-4", answering(b"{}", b'{"ack":10}', b'{"ack":10}'), P),
        ("acks-4", answering(b'{"ack":10}', b'{"ack":9}'), F),
        ("acks-4", answering(b'{"ack":100000}'), F),
        ("acks-5", recorded(), P),
        ("acks-5", answering(b'{"ack":', b"10}"), P),
        ("acks-5", answering(b'{"ack":1}{"ack":2} \r\n\t{"ack":3, "more": null}'), P),
        ("acks-5", answering(b"hello"), F),
        ("acks-5", answering(b"[1]"), F),
        ("acks-5", answering(b'{"ack":"1"}'), F),
        ("acks-5", answering(b'{"ack":true}'), F),
        ("acks-5", answering(b'{"error":"no"}'), F),  # not the last
        ("acks-5", answering(b"[" * 100_000), F),
        ("acks-1", recorded(), P),
        ("acks-1", idle(5, 5), P),
        ("acks-1", idle(29), P),
        ("acks-1", idle(30), F),
        ("acks-1", idle(31, speed=10), K),
        ("acks-1", idle(31).but(late(2)), E),
        ("acks-1", idle(60).but(late(2)), F),
        ("acks-2", recorded(), P),
        ("acks-2", idle(5.9, 5), P),
        ("acks-2", idle(5, 6.1), W),
        ("acks-2", idle(6.1, speed=10), K),
        ("acks-2", idle(6.1).but(late(2)), E),
        ("acks-2", terminated(), None),
        ("streaming-4", recorded(), P),
        ("streaming-4", recorded().but(drop(BodyEnded), drop(AnswerEnded)), F),
        ("streaming-4", recorded().but(drop(BodyEnded)), None),  # the recorder ended it first
        ("streaming-4", recorded().but(drop(BodyEnded), add("user", HungUp(session="s1"))), None),
        ("streaming-4", not_recorded(), None),
    ],
)
def test_wire(clause: str, telling: Telling, status: Status | None) -> None:
    assert status_of(clause, telling.judged()) is status


def test_an_error_frame_may_be_the_last() -> None:
    edits = (change(AnswerBody, {"data": b'{"error":"disk full"}\n'}),)
    judgement = recorded().but(*edits).judged()
    assert status_of("acks-5", judgement) is P
    assert status_of("acks-3", judgement) is None


def test_frames_are_split_wherever_the_network_cut_them() -> None:
    data = b'{"ack":1}\n {"error":"a b"}  {}'
    for cut in range(len(data)):
        events = [
            Event("network", 0, 1, AnswerBody(recorder="r", connection="c", stream=1, data=piece))
            for piece in (data[:cut], data[cut:])
        ]
        found, rest = frames(events)
        assert rest == ""
        assert [(frame.ack, frame.error) for frame in found] == [(1, ""), (None, "a b"), (0, "")]


def test_a_frame_that_is_no_object_has_neither_ack_nor_error() -> None:
    event = Event("network", 0, 1, AnswerBody(recorder="r", connection="c", stream=1, data=b"7"))
    found, _ = frames([event])
    assert (found[0].ack, found[0].error) == (None, "")
