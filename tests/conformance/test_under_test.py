"""What of a judgement counts for a target: its own clauses, and that we broke something else."""

from __future__ import annotations

from conformance.clients import judge_driven
from conformance.driver import Can
from conformance.history import Addressed, Dialled, End, Late, Shown
from conformance.judgement import Status
from conformance.under_test import rig_failed, skipped
from tests.conformance.histories import Telling, add, change, drop, recorded, status_of

ALL = tuple(Can)
SERVER = Addressed(node="prod-1.example.ts.net", address="127.0.0.2", node_id="nPROD")


def dialled_from_elsewhere() -> Telling:
    return recorded().but(add("world", SERVER), change(Dialled, {"peer": "127.0.0.9:1"}))


def test_what_was_not_played_is_skipped_with_the_reason() -> None:
    scenario = recorded().scenario
    judgement = skipped(scenario, "rec1 speaks v1")
    assert (judgement.scenario, judgement.title) == (scenario.id, scenario.title)
    assert judgement.status is Status.SKIP
    assert [(found.status, found.message) for found in judgement.findings] == [
        (Status.SKIP, "rec1 speaks v1")
    ]
    assert not judgement.clauses
    assert not judgement.transitions


def test_a_driver_may_dial_from_where_it_wants() -> None:
    telling = dialled_from_elsewhere()
    assert status_of("privacy-5", telling.judged()) is Status.FAIL
    driven = judge_driven(telling.scenario, telling.history, ALL)
    assert status_of("privacy-5", driven) is None
    assert driven.status is Status.PASS


def test_our_own_lateness_leaves_nobody_to_blame() -> None:
    late = recorded().but(drop(Shown), add("world", Late(by=10**10), before=End))
    judgement = judge_driven(late.scenario, late.history, ALL)
    assert not rig_failed(judgement)
    assert status_of("rig", judgement) is Status.ERROR
    assert any(found.void for found in judgement.findings)


def test_a_missing_part_is_no_merit_of_anybody() -> None:
    gone = recorded().but(drop(End))
    judgement = judge_driven(gone.scenario, gone.history, ALL)
    assert judgement.status is Status.ERROR
