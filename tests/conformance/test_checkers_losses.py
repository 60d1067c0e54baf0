"""What counts as lost, and what a recorder's words do: held against what passed on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.history import Answered, AnswerEnded, BodyEnded, Disconnected, NoticeReceived
from conformance.judgement import Status
from conformance.machine import State
from conformance.scenario import RecorderNode, Script
from tests.conformance.histories import (
    CHOOSING,
    NEITHER,
    STREAMING,
    Story,
    Telling,
    add,
    change,
    continued,
    drop,
    recorded,
    status_of,
)

S = State
P, W = Status.PASS, Status.WARN
MOVES_THE_CURSOR = b'{"error":"no\\u001b[2J space"}\n'


def failing(words: bytes, why: str, notice: str) -> Telling:
    """A recorder fails in these words; so the server reports it, and so it stands in the notice."""
    s = Story(on_failure=NEITHER)
    s.connect()
    s.enter(*CHOOSING)
    s.taken("rec1")
    s.write("one\n")
    s.answer(words)
    s.enter(S.CONNECTION_LOST, S.CONTINUE_UNRECORDED, why=why)
    s.notice(3, notice)
    s.exited(0)
    s.told(0)
    s.enter(S.SESSION_COMPLETE)
    s.leave()
    path = (*STREAMING, S.CONNECTION_LOST, S.CONTINUE_UNRECORDED, S.SESSION_COMPLETE)
    node = RecorderNode(name="rec1", script=Script(does="error-frame"))
    return s.end(path, notices=(3,)).but(recorders=(node,))


@pytest.mark.parametrize(
    ("why", "notice", "status"),
    [
        ("no?[2J space", "no?[2J space", P),
        ("no?[2J space", "no\x1b[2J space", W),
        ("no?[2J space", "no\nspace", W),
        ("no\x1b[2J space", "no?[2J space", W),
    ],
)
def test_control_characters_of_a_recorders_words_stand_in_no_notice_and_no_report(
    why: str, notice: str, status: Status
) -> None:
    judgement = failing(MOVES_THE_CURSOR, why, notice).judged()
    assert status_of("hostile-15", judgement) is status
    assert status_of("acks-10", judgement) is P


def test_a_notice_that_cannot_be_read_says_nothing_of_a_recorders_words() -> None:
    telling = failing(MOVES_THE_CURSOR, "no?[2J space", "no\x1b[2J space")
    unreadable = telling.but(change(NoticeReceived, {"body": b"no\x1b[2J space"})).judged()
    assert status_of("hostile-15", unreadable) is P
    assert status_of("notice-4", unreadable) is Status.FAIL


V1: dict[str, Any] = {"recorder": "rec1", "connection": "rec1#1", "stream": 1}
V2: dict[str, Any] = {"recorder": "rec1", "connection": "rec1#0", "stream": 3}


def ended_after_its_loss(speaks: str) -> Telling:
    """A recording counts as lost, and is ended all the same; v2's end is a success, v1's is not."""
    upload = V2 if speaks == "v2" else V1
    return continued(speaks=speaks).but(
        drop(Disconnected, by="recorder"),
        add("network", BodyEnded(**upload)),
        *([add("network", Answered(**V1, status=500))] if speaks == "v1" else []),
        add("network", AnswerEnded(**upload)),
    )


@pytest.mark.parametrize(("clause", "speaks"), [("streaming-11", "v2"), ("v1-11", "v1")])
def test_what_is_answered_after_a_loss_decides_nothing(clause: str, speaks: str) -> None:
    assert status_of(clause, ended_after_its_loss(speaks).judged()) is None
    assert status_of("streaming-11", recorded(speaks=speaks).judged()) is P
