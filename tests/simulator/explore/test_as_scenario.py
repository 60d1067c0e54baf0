"""Schedules written as scenarios: readable ones, that expect what the protocol calls for."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from conformance.machine import State, replay
from conformance.scenario import ExpectedAttempt, FaultPlan, Scenario, Script, Step
from fixtures.faults import vocabulary
from recspec.explore import file_text
from scenarios.reader import load
from simulator.explore.as_scenario import Written, write
from simulator.explore.bounds import Bounds
from simulator.explore.exploration import explore
from simulator.explore.model import Node, SessionModel
from simulator.explore.moves import WORDS
from simulator.explore.schedule import play
from simulator.overlay import Mutant, Overlay, mutants

FAULTS = frozenset(vocabulary())
BOUNDS = Bounds(recorders=2, faults=2, outputs=2, actions=("both",), notify=(True,))
POLICY = "policy: record on rec1:80 rec2:80; reject and terminate set, notices"
TO_V2 = ("connected", "the probe says v2", "the upload is accepted")
S = State
TAKEN = (S.CONNECTING, S.CHECK_POLICY, S.FIND_RECORDER, S.TRY_PRIMARY)


def written(*schedule: str) -> Written:
    played, problem = play(SessionModel(BOUNDS), (POLICY, *schedule))
    assert problem is None
    return write("a title", tuple(played), BOUNDS)


def test_a_refused_upload() -> None:
    found = written("connected", "the probe says v2", "the upload is refused")
    scenario = found.scenario
    assert found.unsaid == ()
    assert scenario.recorders[0].script == Script(does="refuse", at="open")
    assert scenario.recorders[1].script is None
    (expected,) = scenario.expect
    assert expected.path == (
        *TAKEN, S.TRY_FAILOVER, S.CONNECTED, S.STREAMING, S.SESSION_COMPLETE,
    )  # fmt: skip
    assert expected.attempts == (
        ExpectedAttempt(recorder="rec1", failed=True), ExpectedAttempt(recorder="rec2"),
    )  # fmt: skip
    assert (expected.recording, expected.recorded_by, expected.exit) == ("complete", "rec2", 7)
    assert expected.notices == ()


def test_no_recorder_at_all() -> None:
    scenario = written("the dial is refused", "time passes", "timer: step").scenario
    assert scenario.faults == (
        FaultPlan(fault="refused", node="rec1"), FaultPlan(fault="unreachable", node="rec2"),
    )  # fmt: skip
    (expected,) = scenario.expect
    assert expected.path == (*TAKEN, S.TRY_FAILOVER, S.RECORDING_FAILED, S.SESSION_REJECTED)
    assert (expected.exit, expected.notices, expected.recording) == (254, (1,), "none")


def test_a_recorder_that_speaks_v1() -> None:
    scenario = written("connected", "the probe says v1").scenario
    assert [node.speaks for node in scenario.recorders] == ["v1", "v2"]


def test_a_loss_in_the_middle_of_output() -> None:
    found = written(*TO_V2, "handed over", "output", "handed over", "an error frame")
    (session,) = found.scenario.sessions
    assert session.steps == (Step(type="echo out-''1\n"), Step(see="out-1"))
    script = Script(does="error-frame", on_text="out-1", words=WORDS)
    assert found.scenario.recorders[0].script == script
    (expected,) = found.scenario.expect
    assert expected.path == (
        *TAKEN, S.CONNECTED, S.STREAMING, S.CONNECTION_LOST, S.SESSION_TERMINATED,
    )  # fmt: skip
    assert (expected.exit, expected.notices) == ("nonzero", (2,))
    assert expected.shows == ("out-1",)


def test_a_loss_after_the_exit_leaves_the_exit_status() -> None:
    late = ["time passes"] * 6
    found = written(*TO_V2, "handed over", "exit", *late, "timer: final")
    assert found.scenario.recorders[0].script == Script(does="no-final", at="closing")
    (expected,) = found.scenario.expect
    assert (expected.path[-1], expected.exit, expected.notices) == (S.SESSION_TERMINATED, 7, (2,))


def test_a_user_who_leaves_while_a_recorder_is_chosen() -> None:
    found = written("connected", "the user leaves")
    (session,) = found.scenario.sessions
    assert session.steps[-1] == Step(hang_up=True)
    (expected,) = found.scenario.expect
    assert expected.aborted
    assert (expected.path, expected.exit, expected.notices) == (TAKEN, "none", ())


def test_a_user_who_leaves_later_does_so_in_the_state_where_it_was() -> None:
    found = written(*TO_V2, "handed over", "the user leaves", "output", "handed over", "exit")
    (session,) = found.scenario.sessions
    wait, leave = session.steps
    assert wait.wait is not None
    assert (wait.wait.event, wait.wait.where) == ("entered", {"state": "Streaming"})
    assert leave == Step(hang_up=True), "nobody types after it"
    assert found.unsaid == ("The command writes more after the user has left.",)
    (expected,) = found.scenario.expect
    assert (expected.path[-1], expected.exit) == (S.SESSION_COMPLETE, "none")


def test_what_cannot_be_said_is_told() -> None:
    found = written("connected", "time passes", "the probe says v2")
    assert found.unsaid == ("The answer of rec1 to the probe comes after 5 s.",)
    found = written(*TO_V2, "output", "the upload is lost")
    assert found.unsaid == ("Output 1 was sent, and not handed over when it was lost.",)


CLIENTS = [mutant for mutant in mutants().values() if mutant.part == "client"]


@pytest.mark.parametrize("mutant", CLIENTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_breaks_becomes_a_file_that_can_be_read(
    mutant: Mutant, tmp_path: Path
) -> None:
    bounds = Bounds(recorders=2, faults=1, outputs=1)
    for shown in explore(bounds, Overlay(mutant), first=True).violations:
        result = write("a title", shown.played, bounds)
        path = tmp_path / f"{shown.rule}.yaml"
        path.write_text(file_text(shown, result))
        scenario = load(path, FAULTS)
        assert scenario == _with_id(result.scenario, shown.rule)
        for sentence in (shown.message, *result.unsaid):
            assert sentence in path.read_text()


def test_a_client_that_does_not_wait_for_acks_fails_its_scenario() -> None:
    bounds = Bounds(recorders=1, faults=0, outputs=0, actions=("both",), notify=(True,))
    hasty = mutants()["hasty-ack-window"]
    (shown,) = explore(bounds, Overlay(hasty)).violations
    scenario = write("a title", shown.played, bounds).scenario
    script = scenario.recorders[0].script
    assert script is not None
    assert script.lasts is not None
    # The window is 30 s, and half of it is too little.
    assert (script.does, 15 < script.lasts < 30) == ("late-acks", True)
    (session,) = scenario.sessions
    assert session.steps[0].pause is not None
    assert session.steps[0].pause > script.lasts
    assert scenario.expect[0].path[-1] is S.SESSION_COMPLETE


@pytest.mark.parametrize("seed", range(120))
def test_every_schedule_becomes_a_scenario_with_a_legal_path(seed: int, tmp_path: Path) -> None:
    bounds = Bounds(recorders=2, faults=2, outputs=2)
    model, choose = SessionModel(bounds), random.Random(seed)
    node, names = model.start(), []
    while moves := model.moves(node):
        move = choose.choice(moves)
        after = model.after(node, move)
        assert isinstance(after, Node)
        names.append(move.name)
        node = after
    played, _ = play(model, tuple(names))
    result = write("a title", tuple(played), bounds)
    (expected,) = result.scenario.expect
    assert replay(expected.path, ended=not expected.aborted) is None
    if not result.unsaid:
        # All of it was said: what the protocol calls for is then what the client did.
        world = played[-1].after
        assert expected.path[-1] is world.state
        assert len(expected.attempts) == world.attempts
        assert len(expected.notices) == world.notices
        assert expected.aborted == world.aborted


def _with_id(scenario: Scenario, name: str) -> Scenario:
    return Scenario(**{**{f: getattr(scenario, f) for f in scenario.__struct_fields__}, "id": name})
