"""Spreading over a real Dask cluster: who dies changes no result, and nothing is lost silently."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from simulator.spread.crews import ClusterCrew, CrewError, UsageError
from simulator.spread.spreading import Spreading
from simulator.spread.work import Task
from tests.simulator.spread.dask_programs import DEADLINE, program, scheduler, worker
from tests.simulator.spread.played import digest, kills_at_three, slow_digest

pytestmark = pytest.mark.live
TASKS = [Task("v", seed) for seed in range(1, 31)]
RIGHT = {task: digest("v", task.seed) for task in TASKS}


@contextmanager
def crew_at(address: str) -> Iterator[ClusterCrew]:
    crew = ClusterCrew(address)
    try:
        yield crew
    finally:
        crew.close()


def test_a_worker_killed_midway_changes_nothing() -> None:
    taken: dict[Task, bytes] = {}
    with ExitStack() as stack:
        _, address = stack.enter_context(scheduler())
        victim = stack.enter_context(worker(address))
        stack.enter_context(worker(address))
        crew = stack.enter_context(crew_at(address))

        def take(task: Task, result: bytes) -> None:
            assert task not in taken
            taken[task] = result
            if len(taken) == 4:
                victim.kill()

        spreading = Spreading(crew, slow_digest, {"v": "v"}, in_batch=2)
        assert spreading.run(TASKS, take) == []
        assert victim.wait(DEADLINE) == -signal.SIGKILL
    assert taken == RIGHT


def test_a_scheduler_that_dies_ends_it_and_what_was_done_is_kept(
    capfd: pytest.CaptureFixture[str],
) -> None:
    taken: dict[Task, bytes] = {}
    with ExitStack() as stack:
        process, address = stack.enter_context(scheduler())
        stack.enter_context(worker(address))
        crew = stack.enter_context(crew_at(address))

        def take(task: Task, result: bytes) -> None:
            taken[task] = result
            if len(taken) == 4:
                process.kill()

        with pytest.raises(CrewError, match="the scheduler is gone"):
            Spreading(crew, slow_digest, {"v": "v"}, in_batch=1).run(TASKS, take)
    assert capfd.readouterr() == ("", "")
    assert 4 <= len(taken) < len(TASKS)
    assert all(RIGHT[task] == result for task, result in taken.items())


def test_a_seed_that_always_kills_its_worker_is_named_and_no_other() -> None:
    taken: dict[Task, bytes] = {}
    with ExitStack() as stack:
        _, address = stack.enter_context(scheduler())
        words = (address, "--nthreads", "1", "--nworkers", "1", "--host", "127.0.0.1")
        stack.enter_context(program("dask_worker", *words, "--no-dashboard", said="Registered to:"))
        crew = stack.enter_context(crew_at(address))
        spreading = Spreading(crew, kills_at_three, {"v": "v"}, in_batch=3)
        (trouble,) = spreading.run(TASKS[:6], taken.__setitem__)
    assert trouble.task.seed == 3
    assert "each worker died that played it" in trouble.why
    assert taken == {task: RIGHT[task] for task in TASKS[:6] if task.seed != 3}


def test_a_scheduler_without_workers_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.spread.crews._CONNECT_S", 1)
    with scheduler() as (_, address), pytest.raises(CrewError, match="has no worker; start some"):
        ClusterCrew(address)


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.spread.crews._CONNECT_S", 1)
    with pytest.raises(CrewError, match="no scheduler answers within 1 s"):
        ClusterCrew("tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    "address", ["nonsense://127.0.0.1:1", "tcp://127.0.0.1:port", "tcp://", "tcp://127.0.0.1:70000"]
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UsageError, match="write it as tcp://HOST:PORT") as caught:
        ClusterCrew(address)
    assert "\n" not in str(caught.value)
