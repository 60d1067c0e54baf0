"""``python -m benchmarks``: all of them, one after the other; ends 1 when one misses its limit."""

from __future__ import annotations

import subprocess
import sys

PROGRAMS = ("campaign", "explore", "library", "matrix", "recorder", "spread", "suite", "validator")


def main() -> int:
    """Run every program in a process of its own, so that none disturbs the other."""
    missed = []
    for name in PROGRAMS:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            missed.append(name)
    print(f"missed: {', '.join(missed)}" if missed else "all within their limits")
    return 1 if missed else 0


sys.exit(main())
