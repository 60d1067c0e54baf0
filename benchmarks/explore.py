"""Exploring the base scenario on one core: CPU time against its limit, and what each state costs.

Three recorders that speak v1 or v2, two faults, every failure action. CPU time of one process is
what one core needs when nothing else has it.
"""

from __future__ import annotations

import sys
import time

from conformance.machine import TRANSITIONS
from simulator.explore.bounds import Bounds
from simulator.explore.exploration import Explored, explore

LIMIT_S = 60.0
ROUNDS = 3
BASE = Bounds()
WIDER = (
    ("one fault more", Bounds(faults=3)),
    ("one output more", Bounds(outputs=3)),
    ("an instant every 2.5 s", Bounds(instants=2)),
)


def measure(bounds: Bounds) -> tuple[float, Explored]:
    """Explore once; return seconds of CPU time, and what was found."""
    begun = time.process_time()
    found = explore(bounds)
    return time.process_time() - begun, found


def main() -> int:
    """Print the ratio, and return 1 when it misses its limit or something was found."""
    measured = [measure(BASE) for _ in range(ROUNDS)]
    used, found = max(measured, key=lambda one: one[0])
    whole = found.complete and not found.violations and len(found.taken) == len(TRANSITIONS)
    print(
        f"base: {found.states} states, {found.transitions} transitions, {len(found.taken)} arrows,"
        f" {used:.1f} s of CPU at worst of {ROUNDS} ({found.transitions / used:,.0f}"
        f" transitions/s), {used / LIMIT_S:.2f} of the limit of {LIMIT_S:.0f} s"
    )
    for name, bounds in WIDER:
        seconds, wider = measure(bounds)
        print(
            f"{name}: {wider.states} states, {seconds:.1f} s,"
            f" {wider.states / found.states:.1f} times the states"
        )
        whole = whole and wider.complete and not wider.violations
    return int(used >= LIMIT_S or not whole)


if __name__ == "__main__":
    sys.exit(main())
