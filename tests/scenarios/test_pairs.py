"""Pairs and triples of faults: derived, drawn, and shrunk to a file that fails again."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from conformance.history import KINDS
from conformance.judgement import Finding, Judgement, Status
from conformance.machine import State, replay
from conformance.scenario import Scenario
from conformance.scenario_check import check
from fixtures.faults import vocabulary
from recspec.pairs import file_text
from scenarios.engine import Options, Play, play
from scenarios.matrix_axes import Moment, OnFailure, Protocol
from scenarios.pairs import CHOOSING_S, FEWEST, MOST, Place, Plot, Stand, places, scenario, simpler
from scenarios.pairs_search import Failure, broken, draw, search, shrunk
from scenarios.reader import read, to_yaml
from scenarios.simulated import played
from simulator.client import Client
from simulator.client_steps import Effects, Event
from simulator.overlay import Mutant

M, V1, V2 = Moment, Protocol.V1, Protocol.V2
FAULTS = frozenset(vocabulary())
FIELDS = {name: kind.__struct_fields__ for name, kind in KINDS.items()}
REFUSED = Stand(Place("refused", M.DIAL, V2))
RESET = Stand(Place("reset", M.FIRST_OUTPUT, V2))
SILENT = Stand(Place("silent", M.DIAL, V2))


class OpensAfterFailover(Client):
    """Forgets that recording is enforced once a recorder has failed: it takes two faults."""

    def on(self, event: Event, now: int) -> Effects:
        if self.session.index:
            self.session.terminate_message = ""
        return super().on(event, now)


TWICE = Mutant(
    name="opens-after-failover",
    part="client",
    summary="",
    breaks=("failure-2",),
    shown_by=(),
    overlay={Client: OpensAfterFailover},
)


def virtually(made: Scenario, mutant: Mutant | None = None) -> Judgement:
    return played(Play(made, mutant), Options())[0]


def told(findings: Sequence[Finding]) -> str:
    return "\n".join(f"{f.status} {f.clause} {f.message}" for f in findings)


# --- what must come of a plot


def test_who_fails_is_passed_over_and_who_takes_it_decides() -> None:
    plot = Plot((REFUSED, RESET, SILENT), OnFailure.TERMINATE)
    [expected] = scenario(plot).expect
    assert [(a.recorder, a.failed) for a in expected.attempts] == [("rec1", True), ("rec2", False)]
    assert expected.path[-2:] == (State.CONNECTION_LOST, State.SESSION_TERMINATED)
    assert expected.notices == (2,)


def test_where_all_fail_the_session_is_rejected_or_goes_on() -> None:
    plot = Plot((REFUSED, REFUSED), OnFailure.REJECT)
    assert scenario(plot).expect[0].path[-1] is State.SESSION_REJECTED
    plot = Plot((REFUSED, REFUSED), OnFailure.TERMINATE)
    assert scenario(plot).expect[0].path[-2:] == (State.SESSION_ALLOWED, State.SESSION_COMPLETE)


def test_a_healthy_recorder_behind_those_that_fail_keeps_the_recording() -> None:
    [expected] = scenario(Plot((REFUSED, REFUSED, Stand()), OnFailure.BOTH)).expect
    assert (expected.recording, expected.recorded_by) == ("complete", "rec3")


def test_what_a_user_waits_for_is_of_the_recorder_that_decides() -> None:
    stopped = Stand(Place("stopped", M.FIRST_OUTPUT, V2), "slow")
    made = scenario(Plot((stopped,), OnFailure.NEITHER))
    [wait] = [s.wait for s in made.sessions[0].steps if s.wait and s.wait.event == "fault-applied"]
    assert wait.where == {"fault": "stopped", "node": "rec1"}


@pytest.mark.parametrize(
    ("stands", "exists"),
    [
        ((REFUSED, RESET), True),
        ((Stand(), RESET), False),
        ((REFUSED, REFUSED, Stand(REFUSED.place, "slow")), False),
        ((SILENT, SILENT), False),
        ((Stand(Place("black-hole", M.FLOOD, V2), "narrow"),), False),
        ((Stand(RESET.place, "narrow"),), True),
    ],
)
def test_what_exists(stands: tuple[Stand, ...], exists: bool) -> None:
    assert Plot(stands, OnFailure.BOTH).exists is exists


# --- what is drawn


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    first = draw(30, 1)
    assert len({plot.id for plot in first}) == 30
    assert draw(30, 1) == first
    assert draw(30, 2) != first


def test_what_is_drawn_can_be_written_out_and_is_legal() -> None:
    for plot in draw(80, 3):
        made = scenario(plot)
        check(made, faults=FAULTS, kinds=FIELDS)
        assert replay(made.expect[0].path) is None, plot.id
        again = read(to_yaml(made).encode(), plot.id, FAULTS)
        assert msgspec.structs.replace(again, id=plot.id) == made
        assert FEWEST <= plot.faults <= MOST
        choosing = [s.row.waits for s in plot.stands if s.place and s.place.moment in list(M)[:3]]
        assert sum(choosing) <= CHOOSING_S


def test_every_place_of_the_matrix_can_be_drawn() -> None:
    assert {place.fault for place in places()} >= {"refused", "goaway", "acks-late", "killed"}
    assert {place.moment for place in places()} == set(M)


def test_the_client_comes_through_what_is_drawn() -> None:
    number, failure = search(lambda p: virtually(scenario(p)), examples=200, number=4)
    assert failure is None, failure and told(failure.judgement.findings)
    assert number > 120


# --- what fails


@pytest.fixture(scope="module")
def found() -> Failure:
    _, failure = search(lambda p: virtually(scenario(p), TWICE), examples=400, number=1)
    assert failure is not None
    return failure


def test_a_defect_that_takes_two_faults_is_shrunk_to_a_pair(found: Failure) -> None:
    assert found.plot.faults == 2
    ahead, behind = found.plot.stands
    assert found.plot.on_failure is OnFailure.TERMINATE
    # Neither fault alone shows it.
    for alone in ((Stand(), behind), (ahead, Stand())):
        judgement = virtually(scenario(Plot(alone, found.plot.on_failure)), TWICE)
        assert judgement.status is Status.PASS, told(judgement.findings)
    for plot in simpler(found.plot):
        assert virtually(scenario(plot), TWICE).status is Status.PASS, plot.id


def test_the_file_fails_again_with_the_defect_and_passes_without(found: Failure) -> None:
    text = file_text(found, "x.yaml", 1, None)
    assert "# Play it again: recspec run x.yaml" in text
    made = read(text.encode(), "x.yaml", FAULTS)
    again = virtually(made, TWICE)
    assert broken(again) == broken(found.judgement)
    assert again.status is Status.FAIL
    assert virtually(made).status is Status.PASS


def test_on_real_parts_it_is_made_simpler_many_steps_at_once() -> None:
    rounds: list[int] = []

    async def many(plots: Sequence[Plot]) -> list[Judgement]:
        rounds.append(len(plots))
        return [virtually(scenario(plot), TWICE) for plot in plots]

    plot = Plot((REFUSED, Stand(RESET.place, "slow"), Stand()), OnFailure.BOTH)
    failure = asyncio.run(shrunk(plot, virtually(scenario(plot), TWICE), many))
    assert failure.plot == Plot((REFUSED, RESET), OnFailure.BOTH)
    assert failure.drawn == plot
    assert len(rounds) > 1


def recspec(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recspec", *args],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_by_command_a_failing_one_is_saved_and_played_again(tmp_path: Path) -> None:
    mutant = ("--mutant", "falls-back-to-v1")
    done = recspec("pairs", *mutant, "--save", str(tmp_path), "--json")
    assert done.returncode == 1, done.stderr
    [failure] = json.loads(done.stdout)["failures"]
    file = failure["saved"]
    assert [str(path) for path in tmp_path.iterdir()] == [file]
    sim = ("run", file, "--world", "sim")
    again = recspec(*sim, *mutant, "--out", str(tmp_path / "again"))
    assert again.returncode == 1, again.stderr
    assert failure["findings"][0]["clause"] in again.stdout
    right = recspec(*sim, "--out", str(tmp_path / "right"))
    assert right.returncode == 0, right.stdout


def test_by_command_wrong_usage_is_told_in_one_line() -> None:
    for words, why in (
        (("--mutant", "nobody"), "no mutant is named 'nobody'"),
        (("--mutant", "shows-before-recording"), "live only"),
    ):
        done = recspec("pairs", *words)
        assert done.returncode == 2
        assert why in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_by_command_all_conform(tmp_path: Path) -> None:
    done = recspec("pairs", "--examples", "50", "--seed", "9", "--save", str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "all conform" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.live
def test_by_command_an_interrupted_run_is_inconclusive_and_saves_nothing(tmp_path: Path) -> None:
    words = ["pairs", "--world", "live", "--examples", "20", "--save", str(tmp_path)]
    command = [sys.executable, "-m", "recspec", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the first of them is over, others are not
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 3
        assert "interrupted" in process.stderr.read()
    assert not list(tmp_path.iterdir())


@pytest.mark.live
@pytest.mark.timeout(200)
def test_by_command_a_defect_of_the_server_is_found_on_real_parts(tmp_path: Path) -> None:
    mutant = ("--mutant", "names-wrong-node")
    words = ("--examples", "3", "--seed", "2", "--save", str(tmp_path), "--json")
    done = recspec("pairs", "--world", "live", *mutant, *words)
    assert done.returncode == 1, done.stderr
    failures = json.loads(done.stdout)["failures"]
    assert failures
    for failure in failures:
        assert failure["findings"][0]["clause"] == "header-28"
    file = failures[0]["saved"]
    again = recspec("run", file, *mutant, "--out", str(tmp_path / "again"))
    assert again.returncode == 1, again.stderr
    assert "header-28" in again.stdout
    right = recspec("run", file, "--out", str(tmp_path / "right"))
    assert right.returncode == 0, right.stdout


@pytest.mark.live
@pytest.mark.timeout(200)
def test_a_handful_is_played_on_real_parts() -> None:
    class Quiet:
        def started(self, scenario: str) -> None:
            pass

        def finished(self, judgement: Judgement) -> None:
            pass

    plays = [Play(scenario(plot)) for plot in draw(10, 6)]
    result = asyncio.run(play(plays, Options(), Quiet(), asyncio.Event()))
    for judgement in result.run.results:
        assert judgement.status is Status.PASS, (judgement.scenario, told(judgement.findings))
