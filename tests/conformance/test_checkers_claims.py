"""What a server claims is held against what passed, and what is stored against who came."""

from __future__ import annotations

import pytest

from conformance.history import (
    AnswerBody,
    Dialled,
    Disconnected,
    Stored,
    Survived,
)
from conformance.judgement import Status
from conformance.scenario import FaultPlan
from tests.conformance.histories import Edit, add, change, later, recorded, status_of, terminated


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


def test_a_process_that_survives_an_ended_session_is_nobody_s_fault() -> None:
    judgement = recorded().but(add("world", Survived(pid=7, command="sleep 300"))).judged()
    assert status_of("failure-7", judgement) is None


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
