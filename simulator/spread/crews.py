"""Who plays: processes on this machine, or the workers of a Dask cluster.

A crew gives a `concurrent.futures.Executor`, and a new one when the old one broke. Nothing else in
the project knows where work is done.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import suppress
from importlib import import_module
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Protocol

_CONNECT_S = 10
"""How long a scheduler has to answer, and then its first worker to be there."""
_ADDRESS = re.compile(r"(?:tcp|tls|wss?)://[^\s/]+:(\d{1,5})", re.ASCII)
_LAST_PORT = 65_535
_ASK_EACH_S = 5.0
"""How often the scheduler is asked how many workers it has."""
_AHEAD = 2
"""Batches that are out for each worker: one that it plays and one that waits for it."""


class CrewError(Exception):
    """The workers cannot be had, or all are lost; one line says why and what would help."""


class UsageError(CrewError):
    """They were asked for in a way that cannot work."""


class Crew(Protocol):
    """Workers behind an executor."""

    executor: Executor
    most_alone: int
    """How often a seed that is played alone may end its worker before it is given up."""

    def width(self) -> int:
        """Return how many batches to have out at a time."""

    def renew(self) -> None:
        """Replace an executor that broke."""

    def note(self) -> str:
        """Return what somebody who waits should know; empty when all is well."""

    def close(self) -> None:
        """Let the workers go, at once, whatever they do; leaves no process and no connection."""


# --- this machine ---------------------------------------------------------------------------------


class LocalCrew:
    """Processes on this machine. They end when they are let go, and when we end in any way."""

    most_alone = 2

    def __init__(self, jobs: int, preload: Iterable[str] = ()) -> None:
        """Make `jobs` workers, once there is work; `preload` are modules that all of them need."""
        self._jobs = jobs
        self._context = multiprocessing.get_context("forkserver")
        _start_fork_server(["simulator.spread.work", *preload])
        self._watched, self._held = self._context.Pipe(duplex=False)
        self.executor: Executor = self._pool()

    def width(self) -> int:
        """Return how many batches to have out."""
        return _AHEAD * self._jobs

    def renew(self) -> None:
        """A pool of processes is done for when one of them dies: make another."""
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.executor = self._pool()

    def note(self) -> str:
        """Nothing."""
        return ""

    def close(self) -> None:
        """End the workers; they notice that what they watch is closed."""
        self._held.close()
        self.executor.shutdown(wait=True, cancel_futures=True)
        self._watched.close()

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._jobs, self._context, _end_with, (self._watched,))


def _start_fork_server(preload: list[str]) -> None:
    """Start what workers are forked from, so that Ctrl-C reaches none of them but us alone."""
    forkserver.set_forkserver_preload(preload)
    # The tracker first: starting it unblocks what we block, and the fork server starts it else.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with(watched: Connection) -> None:
    """Begin a worker: it ends when the other end of the pipe is closed, or its holder is gone."""

    def watch() -> None:
        with suppress(OSError, EOFError):
            watched.poll(None)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# --- a cluster ------------------------------------------------------------------------------------


class ClusterCrew:
    """The workers of a Dask scheduler. A worker that dies is the scheduler's to replace."""

    most_alone = 1
    """The scheduler has tried it on several workers already."""

    def __init__(self, address: str) -> None:
        """Connect to the scheduler at `address`; raises CrewError when that cannot be done."""
        match = _ADDRESS.fullmatch(address)
        if match is None or int(match[1]) > _LAST_PORT:
            raise UsageError("not the address of a scheduler; write it as tcp://HOST:PORT")
        try:
            distributed = import_module("distributed")
        except ImportError:
            raise UsageError(
                "it needs Dask, which is not installed: pip install 'recspec[cluster]'"
            ) from None
        _silence("distributed")
        self._address = address
        try:
            self._client: Any = distributed.Client(
                address, timeout=_CONNECT_S, set_as_default=False, name="recspec"
            )
        except (OSError, TimeoutError, ValueError):
            raise CrewError(
                f"no scheduler answers within {_CONNECT_S} s; start one with 'dask scheduler'"
            ) from None
        self._threads = 0
        self._asked = float("-inf")
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT_S)
        except (OSError, TimeoutError):
            self._client.close()
            raise CrewError(
                f"the scheduler has no worker; start some with 'dask worker {address}'"
            ) from None
        self.executor: Executor = self._client.get_executor(pure=False)

    def width(self) -> int:
        """Return how many batches to have out, by the workers that are there now."""
        now = time.monotonic()
        if now - self._asked >= _ASK_EACH_S:
            self._asked = now
            with suppress(OSError, TimeoutError):
                self._threads = sum(self._client.nthreads().values())
        return _AHEAD * max(1, self._threads)

    def renew(self) -> None:
        """Nothing breaks as a whole here."""

    def note(self) -> str:
        """Say that no worker is left, and the work waits for one."""
        return "" if self._threads else f"no worker is left at {self._address}, waiting for one"

    def close(self) -> None:
        """Take back what was not begun, and leave the cluster as it is."""
        with suppress(OSError, TimeoutError):
            self.executor.shutdown(wait=False)
        with suppress(OSError, TimeoutError):
            self._client.close(timeout=_CONNECT_S)


def _silence(package: str) -> None:
    """Let a package log nothing: what matters comes as an exception, and is told in one line."""
    for name in [package, *logging.root.manager.loggerDict]:
        if name == package or name.startswith(f"{package}."):
            logging.getLogger(name).setLevel(logging.CRITICAL)
