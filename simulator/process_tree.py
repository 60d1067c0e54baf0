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


async def end_tree(leader: int, mark: str, *, thorough: bool, since: int = 0) -> None:
    """Kill the process group and session `leader` and all that carry `mark` (``NAME=VALUE``).

    `since` is when the leader started, as `started` has it. Repeats until nothing is left, as
    processes may fork meanwhile, for `LIMIT` ns at most. A
    `thorough` search looks at every process; another one only at those younger than the leader.
    """
    deadline = time.monotonic_ns() + LIMIT
    pause = 0.001
    while True:
        kill_group(leader)
        found = members(leader, mark, thorough=thorough, since=since) if _LINUX else set()
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


def started(pid: int) -> int:
    """Return when a process was started, in the kernel's clock ticks; 0 when it is not known."""
    known = _ids(pid, living=False) if _LINUX else None
    return known[3] if known else 0


def members(leader: int, mark: str, *, thorough: bool, since: int = 0) -> set[int]:
    """Return the living processes of the tree, the leader included if it lives."""
    family: set[int] = set()
    parents: dict[int, int] = {}
    # Hundreds of entries, for every session that ends, and each look costs: whatever was started
    # before the leader is none of its own.
    for entry in os.listdir(_PROC):  # noqa: PTH208
        if not entry.isdigit():
            continue
        pid = int(entry)
        if pid < leader and not thorough:
            continue
        known = _ids(pid)
        if known is None:
            continue
        parent, group, session, start = known
        if start < since:
            continue
        parents[pid] = parent
        if leader in (pid, group, session) or _carries(pid, mark.encode()):
            family.add(pid)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    return family - {os.getpid()}


def _ids(pid: int, *, living: bool = True) -> tuple[int, int, int, int] | None:
    """Return parent, process group, session and start of a process, that lives if it must."""
    stat = _read(f"/proc/{pid}/stat")
    if stat is None:
        return None
    # The name before stands in parentheses and may hold anything.
    fields = stat[stat.rindex(b")") + 2 :].split(maxsplit=20)
    if living and fields[0] in (b"Z", b"X"):
        return None
    return int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19])


def _carries(pid: int, mark: bytes) -> bool:
    environment = _read(f"/proc/{pid}/environ")
    return environment is not None and mark in environment.split(b"\0")


def _read(name: str) -> bytes | None:
    """Read a file of ``/proc``; None when the process is gone, or not ours."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        whole = b""
        while piece := os.read(fd, 1 << 16):
            whole += piece
    except OSError:
        return None
    finally:
        os.close(fd)
    return whole
