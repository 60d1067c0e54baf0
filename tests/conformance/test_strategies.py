"""What the strategies yield is what they say: taken by every reader, sound or damaged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import hujson
from conformance.checking import judge
from conformance.history import Entered, Event, from_lines, to_lines
from conformance.judgement import Status
from conformance.machine import ENDS, State, replay
from conformance.nodes import read_nodes, wrong_nodes
from conformance.policy import read_policy
from conformance.policy_check import warnings
from conformance.policy_match import decide
from conformance.replay import explain
from conformance.scenario import FaultPlan, Scenario
from conformance.scenario_check import check
from conformance.strategies.histories import (
    DAMAGES,
    PATHS,
    Damaged,
    damaged_histories,
    sound_histories,
)
from conformance.strategies.plots import Output, Plot
from conformance.strategies.policies import Tailnet, policies, tailnets
from conformance.strategies.story import Told, tell
from conformance.strategies.timelines import HISTORY_KINDS, scenarios, timelines
from scenarios.reader import read, to_yaml
from tests.conformance.histories import STREAMING

ROOT = Path(__file__).parents[2]
FAULTS = frozenset({"killed", "slow", "black-hole"})

NOT_RECORDED = (State.CONNECTING, State.CHECK_POLICY, State.NO_RECORDING)

some = settings(max_examples=50)
few = settings(max_examples=25)


def test_conformance_needs_no_hypothesis() -> None:
    code = (
        "import sys, pkgutil, importlib, conformance\n"
        "for m in pkgutil.walk_packages(conformance.__path__, 'conformance.'):\n"
        "    if not m.name.startswith('conformance.strategies.'): importlib.import_module(m.name)\n"
        "sys.exit('hypothesis' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# --- policies -------------------------------------------------------------------------------------


@some
@given(tailnets())
def test_a_policy_says_what_was_drawn_however_it_is_spelled(tailnet: Tailnet) -> None:
    assert hujson.parse(tailnet.text).plain() == tailnet.sections
    policy = read_policy(tailnet.text.encode())
    assert len(policy.ssh) == len(tailnet.sections["ssh"])
    for rule, drawn in zip(policy.ssh, tailnet.sections["ssh"], strict=True):
        assert [name.text for name in rule.src] == drawn["src"]
        assert [name.text for name in rule.dst] == drawn["dst"]
        assert [name.text for name in rule.recorder] == (drawn.get("recorder") or [])
        assert rule.enforced is (drawn.get("enforceRecorder") is True)


@some
@given(tailnets())
def test_a_node_list_is_one(tailnet: Tailnet) -> None:
    assert list(wrong_nodes(tailnet.nodes)) == []
    assert read_nodes(msgspec.json.encode(tailnet.nodes)) == tailnet.nodes


@some
@given(tailnets(), st.data())
def test_every_policy_can_be_warned_of_and_decided_by(
    tailnet: Tailnet, data: st.DataObject
) -> None:
    policy = read_policy(tailnet.text)
    found = warnings(policy)
    assert set(found) <= set(warnings(policy, tailnet.nodes))
    source, destination = data.draw(st.tuples(*[st.sampled_from(tailnet.nodes)] * 2))
    decision = decide(policy, tailnet.nodes, source, destination, "root")
    assert decision.final.accept is not decision.final.reject
    assert (decision.rule is None) is decision.final.reject


def test_comments_trailing_commas_and_recorders_come_up() -> None:
    seen: set[str] = set()

    @settings(some, max_examples=200, database=None)
    @given(policies())
    def look(text: str) -> None:
        plain = hujson.parse(text).plain()
        seen.update(mark for mark in ("//", "/*") if mark in text)
        seen.update("trailing" for end in (",]", ",}") if end in "".join(text.split()))
        seen.update(key for rule in plain["ssh"] for key in rule)

    look()
    assert {"//", "/*", "trailing", "recorder", "enforceRecorder", "checkPeriod"} <= seen


# --- histories ------------------------------------------------------------------------------------


def states(history: tuple[Event, ...]) -> tuple[State, ...]:
    server = sorted((e for e in history if e.observer == "server"), key=lambda e: e.seq)
    return tuple(event.what.state for event in server if isinstance(event.what, Entered))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: "-".join(path[2:]))
def test_there_are_sound_histories_of_every_path(path: tuple[State, ...]) -> None:
    @few
    @given(sound_histories(path=path))
    def takes_it(told: Told) -> None:
        assert states(told.history) == path
        assert replay(states(told.history)) is None
        reports = sorted(
            (event for event in told.history if event.observer == "server"), key=lambda e: e.seq
        )
        assert path[-1] in ENDS
        assert explain(reports, ended=True) is None

    takes_it()


@some
@given(sound_histories())
def test_a_sound_history_passes_without_a_finding(told: Told) -> None:
    check(told.scenario, faults=FAULTS, kinds=HISTORY_KINDS)
    judgement = judge(told.scenario, told.history)
    assert judgement.findings == ()
    assert judgement.status is Status.PASS


@some
@given(sound_histories())
def test_a_sound_history_passes_without_its_scenario(told: Told) -> None:
    judgement = judge(None, told.history)
    assert {finding.status for finding in judgement.findings} <= {Status.SKIP}
    assert judgement.status is Status.PASS


@some
@given(sound_histories())
def test_a_history_is_read_as_it_was_written(told: Told) -> None:
    assert from_lines(to_lines(told.history)) == told.history


def never_passes(damaged: Damaged) -> None:
    assert judge(damaged.of.scenario, damaged.history).status not in (Status.PASS, Status.WARN)


@pytest.mark.parametrize(
    "by",
    DAMAGES,
)
def test_a_damaged_history_never_passes(by: str) -> None:
    some(given(damaged_histories(by=by))(never_passes))()


def told(path: tuple[State, ...], terminate: str) -> Told:
    return tell(Plot(path=path, terminate=terminate, written=(Output(text="one"),)))


@pytest.mark.parametrize(
    ("plain", "possible"),
    [
        (told((*STREAMING, State.CONNECTION_LOST, State.SESSION_TERMINATED), "Lost."), True),
        (told((*STREAMING, State.SESSION_COMPLETE), "Lost."), True),
        # Without enforcement the order is free, and without a recording there is none.
        (told((*STREAMING, State.SESSION_COMPLETE), ""), False),
        (told((*NOT_RECORDED, State.SESSION_COMPLETE), "Lost."), False),
    ],
)
def test_output_is_shown_too_early_only_where_it_must_be_recorded_first(
    plain: Told, possible: bool
) -> None:
    assert DAMAGES["shown-first"](plain).is_empty is not possible


def test_a_step_that_is_legal_all_the_same_is_no_damage() -> None:
    plain = told((*NOT_RECORDED, State.SESSION_COMPLETE), "")

    @settings(derandomize=True, max_examples=200, database=None)
    @given(DAMAGES["illegal-step"](plain))
    def look(history: tuple[Event, ...]) -> None:
        assert replay(states(history)) is not None

    look()


@few
@given(damaged_histories())
def test_judging_is_deterministic(damaged: Damaged) -> None:
    scenario = damaged.of.scenario
    once = msgspec.json.encode(judge(scenario, damaged.history))
    assert msgspec.json.encode(judge(scenario, damaged.history)) == once
    read_again = from_lines(to_lines(damaged.history))
    assert msgspec.json.encode(judge(scenario, read_again)) == once
    apart = tuple(sorted(damaged.history, key=lambda event: event.observer))
    assert msgspec.json.encode(judge(scenario, apart)) == once


# --- timelines and scenarios ----------------------------------------------------------------------


@few
@given(scenarios(FAULTS))
def test_a_scenario_makes_sense(scenario: Scenario) -> None:
    check(scenario, faults=FAULTS, kinds=HISTORY_KINDS)


@few
@given(scenarios(FAULTS))
def test_a_scenario_is_read_as_it_was_written(scenario: Scenario) -> None:
    assert read(to_yaml(scenario).encode(), "generated", FAULTS) == scenario


@some
@given(timelines(FAULTS, ("rec1",)))
def test_a_timeline_goes_with_a_scenario(timeline: tuple[FaultPlan, ...]) -> None:
    plain = tell(Plot(path=PATHS[-1], recorders=("rec1", "rec2"))).scenario
    scenario = msgspec.structs.replace(plain, faults=timeline)
    check(scenario, faults=FAULTS, kinds=HISTORY_KINDS)


def test_without_faults_a_timeline_is_empty() -> None:
    @few
    @given(timelines(()))
    def is_empty(timeline: tuple[FaultPlan, ...]) -> None:
        assert timeline == ()

    is_empty()
