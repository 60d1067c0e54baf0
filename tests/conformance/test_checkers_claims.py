"""What a server claims is held against what passed, and what is stored against who came."""

from __future__ import annotations

import pytest

from conformance.history import (
    Dialled,
    Stored,
    Survived,
)
from conformance.judgement import Status
from tests.conformance.histories import Edit, add, change, recorded, status_of


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
