"""Spreading over processes: the same results however, whoever dies, and nothing twice or lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.spread.crews import LocalCrew
from simulator.spread.spreading import Spreading, Stopped
from simulator.spread.work import Play, Task
from tests.recspec.processes import wait_gone
from tests.simulator.spread.played import digest, kills_at_three, kills_once, raises_at_three

DEADLINE = 30.0
SEEDS = range(1, 31)
TASKS = [Task("v", seed) for seed in SEEDS]
RIGHT = {task: digest("v", task.seed) for task in TASKS}
LONG = 100_000


@contextmanager
def crew_of(jobs: int) -> Iterator[LocalCrew]:
    crew = LocalCrew(jobs)
    try:
        yield crew
    finally:
        crew.close()


class Taken(dict[Task, bytes]):
    """Results; one that comes twice is an error."""

    def take(self, task: Task, result: bytes) -> None:
        assert task not in self
        self[task] = result


def spread(
    play: Play, jobs: int = 2, in_batch: int | None = None, variant: str = "v"
) -> tuple[Taken, dict[int, str]]:
    taken = Taken()
    with crew_of(jobs) as crew:
        troubles = Spreading(crew, play, {"v": variant}, in_batch=in_batch).run(TASKS, taken.take)
    return taken, {trouble.task.seed: trouble.why for trouble in troubles}


@pytest.mark.parametrize(("jobs", "in_batch"), [(1, None), (2, 1), (2, 7), (3, 100)])
def test_neither_workers_nor_batches_change_a_result(jobs: int, in_batch: int | None) -> None:
    assert spread(digest, jobs, in_batch) == (RIGHT, {})


def test_variants_are_kept_apart() -> None:
    tasks = [Task(variant, seed) for variant in ("one", "two") for seed in SEEDS]
    taken = Taken()
    with crew_of(2) as crew:
        assert not Spreading(crew, digest, {"one": "a", "two": "b"}).run(tasks, taken.take)
    meant = {"one": "a", "two": "b"}
    assert taken == {task: digest(meant[task.variant], task.seed) for task in tasks}


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    assert spread(kills_once, in_batch=4, variant=str(tmp_path)) == (RIGHT, {})
    assert (tmp_path / "killed").exists()


@pytest.mark.parametrize(("jobs", "in_batch"), [(1, 1), (2, 4), (3, 30)])
def test_a_seed_that_always_kills_its_worker_is_named_and_no_other(
    jobs: int, in_batch: int
) -> None:
    taken, troubles = spread(kills_at_three, jobs, in_batch)
    assert set(troubles) == {3}
    assert "each worker died that played it" in troubles[3]
    assert taken == {task: result for task, result in RIGHT.items() if task.seed != 3}


def test_a_model_that_raises_is_named_with_its_place() -> None:
    taken, troubles = spread(raises_at_three)
    assert set(troubles) == {3}
    assert "ValueError: three is wrong" in troubles[3]
    assert "played.py" in troubles[3]
    assert len(taken) == len(RIGHT) - 1


def test_a_worker_killed_from_outside() -> None:
    taken = Taken()
    mine: list[int] = []
    with crew_of(2) as crew:

        def take(task: Task, result: bytes) -> None:
            taken.take(task, result)
            if not mine:
                mine.append(crew.executor.submit(os.getpid).result(DEADLINE))
                os.kill(mine[0], signal.SIGKILL)

        assert not Spreading(crew, digest, {"v": "v"}, in_batch=1).run(TASKS, take)
    assert mine
    assert taken == RIGHT


def test_what_taking_raises_ends_it_and_its_workers() -> None:
    def full(task: Task, result: bytes) -> None:
        raise OSError(28, "No space left on device")

    with crew_of(2) as crew:
        worker = crew.executor.submit(os.getpid).result(DEADLINE)
        with pytest.raises(OSError, match="No space left"):
            Spreading(crew, digest, {"v": "v"}).run(TASKS, full)
    wait_gone({worker})


def test_stopped_while_workers_are_busy(tmp_path: Path) -> None:
    with crew_of(2) as crew:
        worker = crew.executor.submit(os.getpid).result(DEADLINE)
        spreading = Spreading(crew, digest, {"v": "v"})
        left = iter(range(LONG))

        def take(task: Task, result: bytes) -> None:
            if next(left) == 5:
                spreading.stop()

        with pytest.raises(Stopped):
            spreading.run((Task("v", seed) for seed in range(LONG)), take)
        assert next(left) < LONG - 1
    wait_gone({worker})
