"""A real Dask scheduler and its workers, each a process of its own on loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DEADLINE = 60.0
ROOT = Path(__file__).parents[3]


@contextmanager
def program(*words: str, said: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a program of Dask until the end; gives it once it has `said` something, and the line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"},
        start_new_session=True,
    )
    assert process.stderr is not None
    reader = threading.Thread(target=process.stderr.read)
    try:
        line = next((line for line in process.stderr if said in line), "")
        assert line, f"{words[0]} ended without saying {said!r}"
        reader.start()
        yield process, line
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(DEADLINE)
        if reader.is_alive():
            reader.join(DEADLINE)
        process.stderr.close()


@contextmanager
def scheduler() -> Iterator[tuple[subprocess.Popen[str], str]]:
    words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
    with program("dask_scheduler", *words, said="Scheduler at:") as (process, line):
        yield process, line.split()[-1]


@contextmanager
def worker(address: str) -> Iterator[subprocess.Popen[str]]:
    words = (address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    with program("dask_worker", *words, said="Registered to:") as (process, _):
        yield process
