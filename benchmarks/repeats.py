"""Do verdicts change? Plays the library again and again, at rest and under load, and compares.

    python -m benchmarks.repeats --runs 10 --busy 2 --at-once 1

Prints one line a run, and ends 1 when a scenario's verdict was not the same in all of them, or
when a run did not end with 0.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path


def spin() -> None:
    """Keep one core busy."""
    while True:
        pass


def start(folder: Path, options: list[str]) -> subprocess.Popen[bytes]:
    """Start one run of the library."""
    command = [sys.executable, "-m", "recspec", "run", "--out", str(folder), *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> int:
    """Play, compare, say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--busy", type=int, default=0, help="processes that only burn CPU")
    parser.add_argument("--at-once", type=int, default=1, help="runs beside each other")
    parser.add_argument("options", nargs="*", help="passed on to recspec run")
    given = parser.parse_args()
    burners = [multiprocessing.Process(target=spin, daemon=True) for _ in range(given.busy)]
    for burner in burners:
        burner.start()
    verdicts: dict[str, set[str]] = defaultdict(set)
    status = 0
    with tempfile.TemporaryDirectory() as base:
        for first in range(0, given.runs, given.at_once):
            numbers = range(first, min(first + given.at_once, given.runs))
            folders = [Path(base) / str(number) for number in numbers]
            for process in [start(folder, given.options) for folder in folders]:
                status = max(status, process.wait(), key=abs)
            for folder in folders:
                results = json.loads((folder / "results.json").read_bytes())
                for result in results["results"]:
                    verdicts[result["id"]].add(result["status"])
                print(folder.name, results["duration_s"], results["summary"], flush=True)
    for burner in burners:
        burner.kill()
    changed = {name: sorted(seen) for name, seen in verdicts.items() if len(seen) > 1}
    print(f"{len(verdicts)} scenarios, {given.runs} runs, verdicts that changed: {changed or 0}")
    if status:
        print(f"a run ended with {status}")
    return 1 if changed or status else 0


if __name__ == "__main__":
    sys.exit(main())
