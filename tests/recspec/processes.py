"""Looking at the processes below a command, and waiting until they are gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

DEADLINE = 90.0


_started: dict[int, str] = {}
"""When each process that was seen began: a number may soon be another's."""


def _start(pid: int) -> str:
    """Return when a process began, in the kernel's ticks; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def descendants(pid: int) -> set[int]:
    """Every process below `pid`, by the kernel's own list."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            try:
                children = [int(child) for child in task.read_text().split()]
            except OSError:
                continue
            found.update(children)
            waiting.extend(children)
            _started.update({child: _start(child) for child in children})
    return found


def named(pids: set[int], text: str) -> set[int]:
    """Those of the processes whose command line holds `text`."""
    chosen = set()
    for pid in pids:
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if text.encode() in line:
            chosen.add(pid)
    return chosen


def wait_gone(pids: set[int]) -> None:
    """Wait until none of the processes is there any more."""
    deadline = time.monotonic() + DEADLINE
    for pid in pids:
        while (begun := _start(pid)) and begun == _started.get(pid, begun):
            assert time.monotonic() < deadline, f"process {pid} is still there"
            try:
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            except ChildProcessError:
                time.sleep(0.01)  # not a child of ours: the kernel offers nothing to wait on
