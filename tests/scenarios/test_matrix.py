"""The matrix: complete, pruned by named rules, legal by the table, and a sample of it live."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest

from conformance.history import KINDS
from conformance.judgement import Finding, Judgement, Status
from conformance.machine import State, replay
from conformance.scenario import Expectation, Scenario
from conformance.scenario_check import check
from fixtures.faults import vocabulary
from scenarios.engine import Options, Play, play
from scenarios.matrix import combinations, matrix, played, scenario
from scenarios.matrix_axes import Combination, Moment, OnFailure, Protocol, Which
from scenarios.matrix_faults import CODES, FAULTS, Outcome, Row
from scenarios.matrix_oracle import REJECT, TERMINATE
from scenarios.matrix_page import REGENERATE, main, matrix_page
from scenarios.matrix_rules import RULES, left_out_by
from scenarios.reader import UnknownScenarioError, read, to_yaml
from scenarios.selection import chosen

MATRIX = matrix()
PLAYED = tuple(played())
NAMES = frozenset(vocabulary())
FIELDS = {name: kind.__struct_fields__ for name, kind in KINDS.items()}
PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"


def row(one: Combination) -> Row:
    found = FAULTS[one.fault].row(one.moment, one.protocol)
    assert found is not None, one.id
    return found


def expected(one: Combination) -> Expectation:
    [only] = MATRIX[one.id].expect
    return only


# --- the combinations


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(PLAYED) == len(MATRIX) >= 600
    pattern = re.compile(r"matrix/v[12](/[a-z0-9-]+){3}/[1-3]-of-[1-3]")
    assert all(pattern.fullmatch(name) for name in MATRIX)
    assert all(name == found.id for name, found in MATRIX.items())


def test_names_are_stable() -> None:
    assert list(matrix()) == list(MATRIX)
    for name in (
        "matrix/v2/reset/first-output/terminate/2-of-3",
        "matrix/v1/killed/closing/both/1-of-1",
        "matrix/v2/rst-cancel/open/both/1-of-1",
        "matrix/v2/unreachable/dial/neither/2-of-3",
    ):
        assert name in MATRIX


def test_every_combination_is_played_or_left_out_by_a_rule() -> None:
    whole = list(combinations())
    axes = (len(Protocol), len(FAULTS), len(Moment), len(OnFailure), len(Which))
    assert len(whole) == len(set(whole))
    assert len(whole) == axes[0] * axes[1] * axes[2] * axes[3] * axes[4]
    for one in whole:
        if left_out_by(one) is None:
            assert FAULTS[one.fault].row(one.moment, one.protocol), one.id


def test_every_rule_has_a_name_a_reason_and_something_to_leave_out() -> None:
    names = Counter(rule.name for rule in RULES)
    assert set(names.values()) == {1}
    assert all(rule.text.endswith(".") for rule in RULES)
    used = {rule.name for one in combinations() if (rule := left_out_by(one))}
    assert used == set(names)


def test_every_value_of_every_axis_occurs() -> None:
    assert {one.fault for one in PLAYED} == set(FAULTS)
    assert {one.moment for one in PLAYED} == set(Moment)
    assert {one.protocol for one in PLAYED} == set(Protocol)
    assert {one.on_failure for one in PLAYED} == set(OnFailure)
    assert {one.which for one in PLAYED} == set(Which)
    assert {row(one).outcome for one in PLAYED} == set(Outcome)


def test_what_can_be_played_of_a_fault_is_played() -> None:
    """Only the codes of RST_STREAM are left out at places where one stands for all."""
    there = {(one.fault, one.moment, one.protocol) for one in PLAYED}
    codes = {f"rst-{code}" for code in CODES} - {"rst-internal-error"}
    for fault in FAULTS.values():
        for moment in Moment:
            for protocol in Protocol:
                if fault.name not in codes and fault.row(moment, protocol):
                    assert (fault.name, moment, protocol) in there


@pytest.mark.parametrize("outcome", [Outcome.NOT_TAKEN, Outcome.LOST])
def test_where_it_is_consulted_every_failure_action_is_played(outcome: Outcome) -> None:
    found = {
        (one.fault, one.on_failure)
        for one in PLAYED
        if row(one).outcome is outcome
        and one.which is Which.ONLY
        and not one.fault.startswith("rst-")
        and one.fault != "wrong-content"
    }
    faults = {fault for fault, _ in found}
    assert found == {(fault, action) for fault in faults for action in OnFailure}


# --- what is expected


def test_scenarios_make_sense_and_can_be_written_out_and_read_back() -> None:
    for name, made in MATRIX.items():
        check(made, faults=NAMES, kinds=FIELDS)
        assert read(to_yaml(made).encode(), name, NAMES) == with_id(made, "")


def with_id(made: Scenario, name: str) -> Scenario:
    return Scenario(**{f: getattr(made, f) for f in made.__struct_fields__} | {"id": name})


def test_every_path_is_legal() -> None:
    for one in PLAYED:
        assert replay(expected(one).path) is None, one.id


def test_the_oracle_asks_neither_the_table_nor_the_client() -> None:
    source = Path(__file__).parents[2] / "scenarios" / "matrix_oracle.py"
    imported = re.findall(r"^(?:from|import) (\S+)(?: import (.*))?$", source.read_text(), re.M)
    assert ("conformance.machine", "State") in imported
    assert not [name for name, _ in imported if name.startswith(("simulator", "fixtures"))]


def test_the_messages_decide() -> None:
    """The table of section 5, read off the expectations."""
    for one in PLAYED:
        want, tells = expected(one), one.on_failure
        rejected = State.RECORDING_FAILED in want.path and tells.rejects
        lost = State.CONNECTION_LOST in want.path
        if rejected:
            assert want.exit == 254, one.id
            assert want.shows == (REJECT,), one.id
        elif lost and tells.terminates and row(one).outcome is Outcome.LOST:
            assert want.exit == "nonzero", one.id
            assert want.shows == (TERMINATE,), one.id
        else:
            assert want.exit == 7, one.id
            assert {REJECT, TERMINATE} <= set(want.hides), one.id
        notices = {True: (1,) if rejected else (2,), False: (3,)}
        failed = lost or State.RECORDING_FAILED in want.path
        of_termination = lost and tells.terminates
        assert want.notices == (notices[rejected or of_termination] if failed else ()), one.id


def test_attempts_come_in_order_and_end_with_the_one_that_worked() -> None:
    for one in PLAYED:
        want = expected(one)
        names = [attempt.recorder for attempt in want.attempts]
        assert names == [f"rec{n}" for n in range(1, len(names) + 1)], one.id
        assert len(names) <= one.which.of
        connected = State.CONNECTED in want.path
        assert [attempt.failed for attempt in want.attempts[:-1]] == [True] * (len(names) - 1)
        assert want.attempts[-1].failed is not connected, one.id


def test_the_texts_that_are_waited_for_are_not_in_the_command_line() -> None:
    """It is in the recording's header, and a scripted recorder would depart there."""
    for made in MATRIX.values():
        [session] = made.sessions
        texts = [step.see for step in session.steps if step.see]
        texts += [node.script.on_text for node in made.recorders if node.script]
        assert not [text for text in texts if text and text in session.command], made.id


def test_a_session_that_waits_long_says_so() -> None:
    assert all(scenario(one).deadline == 30.0 + row(one).waits for one in PLAYED)


# --- choosing from it, and its page


def test_what_is_meant_by_a_selection() -> None:
    library = chosen([], NAMES)
    assert not [name for name in library if name.startswith("matrix/")]
    assert chosen(["matrix"], NAMES) == MATRIX
    assert chosen(["all"], NAMES) == library | MATRIX
    assert set(chosen(["all", "basic"], NAMES)) == set(library | MATRIX)
    one = "matrix/v2/reset/first-output/terminate/2-of-3"
    assert list(chosen([one], NAMES)) == [one]
    both = chosen(["basic/exec", "matrix/v1/garbage"], NAMES)
    assert "basic/exec" in both
    assert {name.split("/")[2] for name in both if name != "basic/exec"} == {"garbage"}
    with pytest.raises(UnknownScenarioError, match="matrix/v3"):
        chosen(["matrix/v3"], NAMES)


def test_the_page_in_docs_is_fresh() -> None:
    fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == matrix_page()
    assert fresh, f"docs/matrix.md is stale; make it anew: {REGENERATE}"


def test_the_page_names_every_fault_and_every_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = matrix_page()
    assert all(f"| `{name}` |" in page for name in (*FAULTS, *(rule.name for rule in RULES)))
    assert all(rule.text in page for rule in RULES)
    assert main([str(tmp_path / "matrix.md")]) == 0
    assert (tmp_path / "matrix.md").read_text(encoding="utf-8") == page
    assert main([]) == 2
    assert capsys.readouterr().err == f"usage: {REGENERATE}\n"


# --- a sample, live


def sample() -> list[Scenario]:
    """One or two of each fault, always the same; the whole is played by `tox -e full`."""
    found: list[Scenario] = []
    for fault in FAULTS:
        of_it = sorted(one.id for one in PLAYED if one.fault == fault)
        found += [MATRIX[of_it[len(of_it) // 3]]]
        if len(of_it) > 20:
            found += [MATRIX[of_it[2 * len(of_it) // 3]]]
    return found


SPEED = 5


class Quiet:
    def started(self, scenario: str) -> None:
        pass

    def finished(self, judgement: Judgement) -> None:
        pass


def told(findings: tuple[Finding, ...]) -> str:
    return "\n".join(f"{f.status} {f.clause} {f.message} {f.evidence}" for f in findings)


@pytest.mark.live
@pytest.mark.timeout(180)
def test_the_reference_parts_conform_in_a_sample() -> None:
    plays = [Play(one) for one in sample()]
    assert 50 <= len(plays) <= 80
    result = asyncio.run(play(plays, Options(speed=SPEED), Quiet(), asyncio.Event()))
    wrong = [j for j in result.run.results if j.status is not Status.PASS]
    assert not wrong, "\n".join(f"{j.scenario}: {told(j.findings)}" for j in wrong)
