"""Spreading a campaign over processes: how many times faster two workers are than one.

The same seeds of the base plan, by one worker and by two in turn, from starting the workers to the
last result; the best of five each. The load of the machine is printed, as others' work counts here.
"""

from __future__ import annotations

import os
import sys
import time

from recspec.campaign_plan import BASE
from simulator.campaign.one_seed import play_seed
from simulator.campaign.plan import load, vary
from simulator.spread.crews import LocalCrew
from simulator.spread.spreading import Spreading
from simulator.spread.work import Task

LIMIT = 1.6
ROUNDS = 5
SEEDS = 24
SESSIONS = 2000


def measure(jobs: int) -> tuple[float, dict[Task, bytes]]:
    """Play all seeds with so many workers; return seconds, and what came of them."""
    plan = vary(load(BASE), "sessions.count", SESSIONS)
    found: dict[Task, bytes] = {}
    begun = time.monotonic()
    crew = LocalCrew(jobs, ("simulator.campaign.one_seed",))
    try:
        tasks = [Task("base", seed) for seed in range(SEEDS)]
        Spreading(crew, play_seed, {"base": plan}).run(tasks, found.__setitem__)
        return time.monotonic() - begun, found
    finally:
        crew.close()


def main() -> int:
    """Print the ratio, and return 1 when it misses its limit or the results differ."""
    measure(1)  # starts what workers are forked from
    pairs = [(measure(1), measure(2)) for _ in range(ROUNDS)]
    one = min(seconds for (seconds, _), _ in pairs)
    two = min(seconds for _, (seconds, _) in pairs)
    same = all(a == b == pairs[0][0][1] for (_, a), (_, b) in pairs)
    load_1, _, _ = os.getloadavg()
    print(
        f"spreading {SEEDS} seeds of {SESSIONS} sessions: one worker {one:.2f} s, two {two:.2f} s,"
        f" {one / two:.2f} times (at least {LIMIT}), {os.cpu_count()} cores, load {load_1:.1f},"
        f" results {'the same' if same else 'differ'}"
    )
    return int(one / two < LIMIT or not same)


if __name__ == "__main__":
    sys.exit(main())
