"""What of a judgement counts for a client under test."""

from __future__ import annotations

import msgspec
import pytest

from conformance import clients
from conformance.clauses import CATALOGUE, Binds
from conformance.clients import binds_client, judge_driven, lacking, unplayable
from conformance.driver import Can
from conformance.history import Event, History
from conformance.judgement import Finding, Judgement, Status
from conformance.machine import State
from conformance.scenario import Action, Api, Expectation, RecorderNode, Scenario, UserSession

ALL = tuple(Can)


POSTING = Api(recorders=("rec1",), requests=())


def scenario(speaks: str = "v2", run: str = "shell") -> Scenario:
    return Scenario(
        title="one",
        recorders=(RecorderNode(name="rec1", speaks="v1" if speaks == "v1" else "v2"),),
        action=Action(record=("rec1",)),
        sessions=(UserSession(name="s1", run="sftp" if run == "sftp" else "shell"),),
        expect=(Expectation(session="s1", path=(State.CONNECTING,)),),
    )


def judged(
    monkeypatch: pytest.MonkeyPatch, *findings: Finding, clauses: tuple[str, ...] = ()
) -> Judgement:
    whole = Judgement(
        scenario="one",
        title="one",
        status=Status.PASS,
        duration_s=1.0,
        clauses=clauses,
        findings=findings,
        transitions=(),
    )

    def judge(_: Scenario, __: History) -> Judgement:
        return whole

    monkeypatch.setattr(clients, "judge", judge)
    events: tuple[Event, ...] = ()
    return judge_driven(scenario(), events, CAN)


CAN: tuple[str, ...] = ("v1", "v2", "attempts")


def finding(clause: str, status: Status = Status.FAIL) -> Finding:
    return Finding(clause=clause, status=status, message="so it is")


def test_all_that_binds_a_client_alone_is_judged() -> None:
    alone = {name for name, clause in CATALOGUE.items() if clause.binds is Binds.CLIENT}
    assert alone - set(filter(binds_client, CATALOGUE)) == {"choose-5", "privacy-5"}


def test_nothing_is_lacking_where_everything_can_be_done() -> None:
    assert not [clause for clause in CATALOGUE if lacking(clause, ALL)]
    assert lacking("failure-1", ("v1", "v2", "handed", "attempts"))
    assert lacking("failure-3", ("failure-actions",))
    assert lacking("choose-1", ("failure-actions",))


def test_what_breaks_for_a_client_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    judgement = judged(
        monkeypatch, finding("choose-1"), finding("storage-2"), clauses=("choose-1",)
    )
    assert judgement.status is Status.FAIL
    assert [found.clause for found in judgement.findings] == ["choose-1"]


def test_what_only_our_own_parts_break_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    judgement = judged(monkeypatch, finding("storage-2"), clauses=("choose-1", "storage-2"))
    assert judgement.status is Status.ERROR
    assert [found.clause for found in judgement.findings] == ["rig"]
    assert "storage-2" in judgement.findings[0].message
    assert judgement.clauses == ("choose-1",)


def test_what_a_driver_cannot_do_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judgement = judged(
        monkeypatch, finding("failure-2"), clauses=("choose-1", "failure-2", "failure-7")
    )
    assert judgement.status is Status.PASS
    assert [(found.clause, found.status) for found in judgement.findings] == [
        ("failure-2", Status.SKIP)
    ]
    assert "no failure actions" in judgement.findings[0].message


def test_a_scenario_in_which_nothing_is_the_clients_is_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert judged(monkeypatch, clauses=("storage-2",)).status is Status.SKIP


def test_what_the_rig_did_is_not_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    judgement = judged(monkeypatch, finding("rig", Status.ERROR))
    assert judgement.findings == (finding("rig", Status.ERROR),)


def test_what_a_client_does_not_speak_is_not_played() -> None:
    assert not unplayable(scenario(), ALL)
    assert "rec1 speaks v1" in unplayable(scenario("v1"), ("v2",))
    assert "no session" in unplayable(scenario(run="sftp"), ALL)
    posting = msgspec.structs.replace(scenario(), api=POSTING)
    assert unplayable(posting, ALL) == "no driver posts events"
