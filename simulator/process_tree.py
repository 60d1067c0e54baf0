"""Finding and ending a command and everything it started with it.

A process may leave its parent (double fork), its process group and its POSIX session (setsid,
nohup). What it cannot shed by accident is its environment: every command is started with a
variable of its own, and on Linux all processes that carry it are found in ``/proc``. Elsewhere
only the process group is ended. A process that both left its session and wiped its environment,
and whose parent is gone, is not found.

Source: protocol section 5 (terminated: the command and what it started with it).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from conformance.wire import SECOND

LIMIT = 5 * SECOND
"""How long ending a tree may take; a process in uninterruptible sleep can outlast it."""

_PROC = Path("/proc")
_LINUX = (_PROC / "self" / "stat").exists()


async def end_tree(leader: int, mark: str, *, thorough: bool) -> None:
    """Kill the process group and session `leader` and all that carry `mark` (``NAME=VALUE``).

    Repeats until nothing is left, as processes may fork meanwhile, for `LIMIT` ns at most. A
    `thorough` search looks at every process; another one only at those younger than the leader.
    """
    deadline = time.monotonic_ns() + LIMIT
    pause = 0.001
    while True:
        kill_group(leader)
        found = members(leader, mark, thorough=thorough) if _LINUX else set()
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found or time.monotonic_ns() >= deadline:
            return
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.05)


def kill_group(leader: int, number: int = signal.SIGKILL) -> None:
    """Send the signal to the process group, if it is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def members(leader: int, mark: str, *, thorough: bool) -> set[int]:
    """Return the living processes of the tree, the leader included if it lives."""
    family: set[int] = set()
    parents: dict[int, int] = {}
    # Hundreds of entries, for every session that ends: names are cheaper than paths.
    for entry in os.listdir(_PROC):  # noqa: PTH208
        if not entry.isdigit():
            continue
        pid = int(entry)
        if pid < leader and not thorough:
            continue
        known = _ids(pid)
        if known is None:
            continue
        parent, group, session = known
        parents[pid] = parent
        if leader in (pid, group, session) or _carries(pid, mark.encode()):
            family.add(pid)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    return family - {os.getpid()}


def _ids(pid: int) -> tuple[int, int, int] | None:
    """Return parent, process group and session of a living process."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The name before stands in parentheses and may hold anything.
    state, parent, group, session = stat[stat.rindex(b")") + 2 :].split(maxsplit=4)[:4]
    return None if state in (b"Z", b"X") else (int(parent), int(group), int(session))


def _carries(pid: int, mark: bytes) -> bool:
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return mark in environment.split(b"\0")
