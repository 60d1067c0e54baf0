"""The whole library: time and memory against their limits, in real time and sped up.

Memory is the proportional set size of the engine and all its processes together, as pages that
forked processes share are there once.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

REAL_TIME_S = 75.0
SPEED_10_S = 25.0
MEMORY_MIB = 2048.0


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        for task in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                waiting += [int(child) for child in task.read_text().split()]
    return found


def proportional_mib(pids: list[int]) -> float:
    """Return the memory of all of them together, in MiB."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def measure(*options: str) -> tuple[float, float, int]:
    """Play the library; return seconds, the peak in MiB and the exit status."""
    peak = 0.0
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "recspec", "run", "--out", f"{folder}/out", *options]
        begun = time.monotonic()
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            over = threading.Event()
            threading.Thread(target=lambda: (process.wait(), over.set())).start()
            while not over.wait(0.25):
                peak = max(peak, proportional_mib(family(process.pid)))
        return time.monotonic() - begun, peak, process.returncode


def main() -> int:
    """Print a line for each promise; 1 when one is missed."""
    missed = False
    for name, limit, options in (
        ("real time", REAL_TIME_S, ()),
        ("--speed 10", SPEED_10_S, ("--speed", "10")),
    ):
        seconds, peak, status = measure(*options)
        missed |= seconds > limit or peak > MEMORY_MIB or status != 0
        print(
            f"library, {name}: {seconds:.1f} s ({seconds / limit:.2f} of the limit of {limit:.0f}"
            f" s), {peak:.0f} MiB ({peak / MEMORY_MIB:.2f} of {MEMORY_MIB:.0f}), exit {status}",
            flush=True,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
