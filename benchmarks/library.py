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


def hold(what: str, seconds_limit: float, mib_limit: float, *options: str) -> bool:
    """Measure a run, print its line, and say whether it kept its limits and conformed."""
    seconds, peak, status = measure(*options)
    print(
        f"{what}: {seconds:.1f} s ({seconds / seconds_limit:.2f} of the limit of"
        f" {seconds_limit:.0f} s), {peak:.0f} MiB ({peak / mib_limit:.2f} of {mib_limit:.0f}),"
        f" exit {status}",
        flush=True,
    )
    return seconds <= seconds_limit and peak <= mib_limit and status == 0


def main() -> int:
    """Print a line for each promise; 1 when one is missed."""
    kept = [
        hold("library, real time", REAL_TIME_S, MEMORY_MIB),
        hold("library, --speed 10", SPEED_10_S, MEMORY_MIB, "--speed", "10"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
