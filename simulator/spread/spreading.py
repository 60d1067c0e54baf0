"""The loop that spreads seeds over a crew and takes in what came of each, once.

What comes back is keyed by variant and seed, so neither order nor batches nor the number of workers
changes a result. A worker that dies takes batches with it: their seeds are played again, singly,
and one whose worker dies again is played alone, so that in the end it is known which seed it was.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import msgspec

from simulator.spread.code import code_digest
from simulator.spread.crews import Crew, CrewError
from simulator.spread.work import OtherCodeError, Outcome, Play, Task, play_batch

_TICK_S = 1.0
"""How often progress is told at least."""
_BATCH_S = 0.5
"""How long a batch should take: long against sending it, short against losing it."""
_MOST_IN_BATCH = 16
_LONE = 2
"""With so many workers lost over it, a seed is played alone."""

_Done = Future[tuple[Outcome, ...]]


class _Out(NamedTuple):
    """A batch that was sent and has not come back."""

    batch: tuple[Task, ...]
    executor: Executor
    begun: float
    alone: bool


class Stopped(Exception):  # noqa: N818 - it is no error
    """Somebody asked to stop; what was done is done."""


class Trouble(msgspec.Struct, frozen=True):
    """A seed without a result, and why."""

    task: Task
    why: str


class Spreading:
    """Plays tasks on a crew. `variants` are what `play` gets, by the names in the tasks."""

    def __init__(
        self,
        crew: Crew,
        play: Play,
        variants: Mapping[str, Any],
        *,
        in_batch: int | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; `in_batch` fixes how many seeds go at a time, `tick` is called now and then."""
        self._crew = crew
        self._play = play
        self._variants = variants
        self._in_batch = in_batch
        self._tick = tick
        self._waiting: deque[Task] = deque()
        self._again: deque[Task] = deque()
        self._alone: deque[Task] = deque()
        self._out: dict[_Done, _Out] = {}
        self._lost: Counter[Task] = Counter()
        self._lost_alone: Counter[Task] = Counter()
        self._came: SimpleQueue[_Done | None] = SimpleQueue()
        self._seconds_each = 0.0

    def stop(self) -> None:
        """Ask it to stop; a signal handler may do so."""
        self._came.put(None)

    def run(self, tasks: Iterable[Task], took: Callable[[Task, bytes], None]) -> list[Trouble]:
        """Play all tasks; `took` gets each one's result, once, as they come in.

        Returns the tasks that have none. Raises Stopped, and CrewError when the workers are lost;
        what `took` raises goes through.
        """
        self._waiting.extend(tasks)
        troubles: list[Trouble] = []
        while self._waiting or self._again or self._alone or self._out:
            self._send()
            try:
                done = self._came.get(timeout=_TICK_S)
            except Empty:
                self._tick()
                continue
            if done is None:
                raise Stopped
            troubles += self._take(done, took)
            self._tick()
        return sorted(troubles, key=lambda trouble: trouble.task)

    # --- sending ---

    def _send(self) -> None:
        if self._alone:
            if not self._out:
                self._submit((self._alone.popleft(),), alone=True)
            return  # what is out comes in first
        if any(out.alone for out in self._out.values()):
            return
        width = self._crew.width()
        while len(self._out) < width and (self._waiting or self._again):
            self._submit((self._again.popleft(),) if self._again else self._batch())

    def _batch(self) -> tuple[Task, ...]:
        """Take the next seeds of one variant."""
        batch = [self._waiting.popleft()]
        while (
            len(batch) < self._batch_size()
            and self._waiting
            and self._waiting[0].variant == batch[0].variant
        ):
            batch.append(self._waiting.popleft())
        return tuple(batch)

    def _batch_size(self) -> int:
        if self._in_batch is not None:
            return self._in_batch
        if not self._seconds_each:
            return 1
        fair = -(-len(self._waiting) // max(1, self._crew.width()))
        return max(1, min(_MOST_IN_BATCH, fair, int(_BATCH_S / self._seconds_each)))

    def _submit(self, batch: tuple[Task, ...], *, alone: bool = False) -> None:
        variant = self._variants[batch[0].variant]
        seeds = tuple(task.seed for task in batch)
        words = (self._play, variant, seeds, code_digest())
        try:
            future = self._crew.executor.submit(play_batch, *words)
        except BrokenProcessPool:  # a worker died while nothing was out, or just now
            self._crew.renew()
            future = self._crew.executor.submit(play_batch, *words)
        self._out[future] = _Out(batch, self._crew.executor, time.monotonic(), alone)
        future.add_done_callback(self._came.put)

    # --- taking in ---

    def _take(self, done: _Done, took: Callable[[Task, bytes], None]) -> list[Trouble]:
        out = self._out.pop(done)
        if done.cancelled():
            raise CrewError("the scheduler is gone, or has dropped the work")
        error = done.exception()
        if error is None:
            self._learn((time.monotonic() - out.begun) / len(out.batch))
            return self._taken(out.batch, done.result(), took)
        if isinstance(error, BrokenProcessPool):
            if out.executor is self._crew.executor:  # the first to tell that it broke
                self._crew.renew()
        elif type(error).__name__ != "KilledWorker":  # Dask's, which may not be installed
            raise _explained(error) from error
        return self._bereaved(out)

    def _learn(self, seconds_each: float) -> None:
        known = self._seconds_each or seconds_each
        self._seconds_each = 0.8 * known + 0.2 * seconds_each

    def _taken(
        self,
        batch: tuple[Task, ...],
        outcomes: tuple[Outcome, ...],
        took: Callable[[Task, bytes], None],
    ) -> list[Trouble]:
        troubles = []
        for task, outcome in zip(batch, outcomes, strict=True):
            if outcome.raised:
                troubles.append(Trouble(task, f"the model raised {outcome.raised}"))
            else:
                took(task, outcome.result)
        return troubles

    def _bereaved(self, out: _Out) -> list[Trouble]:
        """Note that a worker died over a batch; its seeds are played again, or given up."""
        troubles = []
        for task in out.batch:
            self._lost[task] += 1
            self._lost_alone[task] += out.alone
            if self._lost_alone[task] >= self._crew.most_alone:
                deaths = self._lost[task]
                troubles.append(Trouble(task, f"each worker died that played it ({deaths} times)"))
            elif self._lost[task] >= _LONE:
                self._alone.append(task)
            else:
                self._again.append(task)
        return troubles


def _explained(error: BaseException) -> CrewError:
    if isinstance(error, OtherCodeError):
        return CrewError(
            "a worker has other code; install the same recspec, simpy and msgspec everywhere"
        )
    if isinstance(error, ImportError):
        return CrewError(f"a worker cannot import what it plays ({error}); install recspec there")
    return CrewError(f"a worker could not play: {type(error).__name__}: {error}")
