"""What an SSH server under test is played with, and what counts of it, seen from outside alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.clauses import CATALOGUE, Binds
from conformance.history import (
    Event,
    Gap,
    Handed,
    History,
    Problem,
    Shown,
    Stored,
)
from conformance.judgement import Finding, Judgement, Status
from conformance.scenario import (
    Action,
    Api,
    Change,
    FaultPlan,
    Match,
    Scenario,
    Step,
    UserSession,
)
from conformance.servers import NotFromOutside, binds_server, from_outside, judge_served
from tests.conformance.histories import (
    Edit,
    Telling,
    add,
    change,
    drop,
    not_recorded,
    recorded,
    rejected,
    terminated,
)

POLICY = '{"ssh": []}'
STREAMING = Match(event="entered", where={"state": "Streaming"})
SEEN = Match(event="shown", where={"session": "s1"}, plus=1.0)


def scenario(telling: Telling | None = None, **fields: Any) -> Scenario:
    return (telling or recorded()).but(**fields).scenario


def session(**fields: Any) -> tuple[UserSession, ...]:
    return (UserSession(**{"name": "s1", **fields}),)


# --- how a scenario is played ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "how", "why"),
    [
        ({"api": Api(recorders=("rec1",), requests=())}, {"asks": True}, "an API proxy"),
        ({"action": None, "policy": POLICY}, {}, "comes from a policy"),
        ({"then": (Action(),)}, {}, "changes midway"),
        ({"changes": (Change(at=1.0, policy=POLICY),)}, {}, "changes midway"),
        (
            {"sessions": session(client="openssh")},
            {"secret": True},
            "neither a key nor a password",
        ),
    ],
)
def test_what_needs_more_than_the_server_has_is_not_played(
    fields: dict[str, Any], how: dict[str, bool], why: str
) -> None:
    with pytest.raises(NotFromOutside, match=why):
        from_outside(scenario(**fields), **how)


@pytest.mark.parametrize(
    ("fields", "how"),
    [
        ({}, {}),
        ({"action": None, "policy": POLICY}, {"asks": True}),
        ({"then": (Action(),)}, {"asks": True}),
        ({"changes": (Change(at=1.0, policy=POLICY),)}, {"asks": True}),
        ({"sessions": session(client="openssh")}, {}),
        ({"sessions": session()}, {"secret": True}),
        ({"sessions": session(after=SEEN, steps=(Step(type="x"), Step(wait=SEEN)))}, {}),
        ({"faults": (FaultPlan(fault="killed", node="rec1", at=2.0),)}, {}),
        ({"faults": (FaultPlan(fault="killed", node="rec1", at=SEEN),)}, {}),
    ],
)
def test_what_shows_from_outside_is_played_as_it_is(
    fields: dict[str, Any], how: dict[str, bool]
) -> None:
    whole = scenario(**fields)
    assert from_outside(whole, **how) == whole


def test_every_user_logs_in_as_the_one_that_the_server_knows() -> None:
    sessions = (UserSession(name="s1"), UserSession(name="s2", ssh_user="bob"))
    played = from_outside(scenario(sessions=sessions), user="carol")
    assert [one.ssh_user for one in played.sessions] == ["carol", "carol"]
    assert [one.ssh_user for one in from_outside(played).sessions] == ["carol", "carol"]


def entered(state: str) -> Match:
    return Match(event="entered", where={"state": state}, plus=0.5)


APPLIED = Match(event="policy-applied", plus=0.5)


@pytest.mark.parametrize(
    ("match", "event"),
    [
        (entered("FindRecorder"), "dialled"),
        (entered("TryPrimary"), "dialled"),
        (entered("SessionRejected"), "notice-received"),
        (entered("SessionAllowed"), "notice-received"),
        (entered("ConnectionLost"), "notice-received"),
        (entered("SessionTerminated"), "notice-received"),
        (entered("ContinueUnrecorded"), "notice-received"),
        (APPLIED, "session-opened"),
    ],
)
def test_who_waits_for_the_servers_report_waits_for_what_shows_of_it(
    match: Match, event: str
) -> None:
    waiting = scenario(
        rejected(),
        sessions=session(after=match, steps=(Step(wait=match),)),
        faults=(FaultPlan(fault="killed", node="rec1", at=match),),
    )
    played = from_outside(waiting)
    shows = Match(event=event, plus=0.5)
    assert played.sessions[0].after == shows
    assert played.sessions[0].steps[0].wait == shows
    assert played.faults[0].at == shows


def test_a_policy_too_changes_at_what_shows() -> None:
    changes = (Change(at=entered("TryPrimary"), policy=POLICY), Change(at=SEEN, policy=POLICY))
    played = from_outside(scenario(changes=changes), asks=True)
    assert [change.at for change in played.changes] == [Match(event="dialled", plus=0.5), SEEN]


CONTROL_DOWN = (FaultPlan(fault="refused", node="control"),)


@pytest.mark.parametrize(
    ("match", "fields", "asks", "named"),
    [
        (STREAMING, {}, False, "entered Streaming"),
        (Match(event="entered"), {}, False, "entered"),
        (Match(event="attempted"), {}, False, "attempted"),
        (Match(event="command-started"), {}, False, "command-started"),
        (APPLIED, {}, True, "policy-applied"),
        # No notice tells of it where none is called for, or nobody is there to take one.
        (entered("SessionRejected"), {"expect": ()}, False, "entered SessionRejected"),
        (entered("SessionRejected"), {"faults": CONTROL_DOWN}, False, "entered SessionRejected"),
    ],
)
def test_what_nothing_outside_tells_of_cannot_be_waited_for(
    match: Match, fields: dict[str, Any], asks: bool, named: str
) -> None:
    waiting = scenario(rejected(), sessions=session(after=match), **fields)
    with pytest.raises(NotFromOutside, match=f"waits for '{re.escape(named)}'"):
        from_outside(waiting, asks=asks)


# --- what counts of it ----------------------------------------------------------------------------


def test_what_binds_others_is_not_the_servers_to_keep() -> None:
    servers = (Binds.SSH_SERVER, Binds.CLIENT, Binds.RECORDING)
    assert {clause.binds for clause in CATALOGUE.values()} - set(servers)
    for name, clause in CATALOGUE.items():
        assert binds_server(name) is (clause.binds in servers), name


def served(telling: Telling, *edits: Edit, **fields: Any) -> Judgement:
    """Judge it as sessions with a server that reports nothing."""
    told = telling.but(*edits, **fields).from_outside()
    return judge_served(told.scenario, told.history)


def told_of(judgement: Judgement) -> dict[str, Status]:
    return {found.clause: found.status for found in judgement.findings}


@pytest.mark.parametrize("telling", [recorded(), rejected(), terminated(), not_recorded()])
def test_a_server_that_does_all_right_passes(telling: Telling) -> None:
    judgement = served(telling)
    assert judgement.status is Status.PASS
    assert set(told_of(judgement).values()) <= {Status.SKIP}
    assert all(map(binds_server, judgement.clauses))


def test_what_a_server_breaks_is_its_own_fault() -> None:
    judgement = served(rejected(), change(Shown, {"data": b"go away\r\n"}))
    assert judgement.status is Status.FAIL
    assert told_of(judgement)["failure-1"] is Status.FAIL
    assert not [found for found in judgement.findings if not binds_server(found.clause)]


def test_what_a_recorder_of_ours_breaks_is_an_error_and_no_fault_of_the_server() -> None:
    judgement = served(recorded(), change(Stored, {"data": b"something else"}))
    assert judgement.status is Status.ERROR
    found = [one for one in judgement.findings if one.status is not Status.SKIP]
    assert {(one.clause, one.status) for one in found} == {("rig", Status.ERROR)}
    assert any("storage-3, which does not bind an SSH server" in one.message for one in found)


def test_where_the_rig_failed_nothing_else_counts() -> None:
    judgement = served(
        recorded(), add("world", Problem(what="the disk is full")), drop(Shown), drop(Handed)
    )
    assert judgement.status is Status.ERROR
    (found,) = judgement.findings
    assert found.message == "world: the disk is full"
    assert judgement.clauses == ()


DIED = Gap(reason="it ended by itself with status -9")


def dies(history: History) -> History:
    """A server that reports nothing ends before its time: of it nothing but that is noted."""
    return (*history, Event("server", 0, history[-1].at, DIED))


def with_dead_server(telling: Telling, *edits: Edit) -> Judgement:
    told = telling.but(*edits).from_outside().but(dies)
    return judge_served(told.scenario, told.history)


def test_what_a_dead_server_broke_says_that_it_was_dead() -> None:
    judgement = with_dead_server(rejected(), change(Shown, {"data": b"go away\r\n"}))
    bad = [found for found in judgement.findings if found.status is not Status.SKIP]
    assert "failure-1" in {found.clause for found in bad}
    assert {found.evidence[-1] for found in bad if found.clause != "rig"} == {DIED.reason}


def test_what_cannot_be_seen_was_not_broken_by_its_death() -> None:
    judgement = with_dead_server(recorded())
    unseen: list[Finding] = [found for found in judgement.findings if found.status is Status.SKIP]
    assert unseen
    assert not any(DIED.reason in found.evidence for found in unseen)
