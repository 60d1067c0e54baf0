"""Campaigns on one core: sessions a second, events against bare SimPy, real time, memory.

The base campaign's session chooses, opens, writes twenty outputs with acks between them, ends, and
meets a fault in one of ten. What is counted:

- Played: what went through SimPy's queue for a session. Of one without a fault that is 25: the
  answers to dial, probe and open, the twenty outputs, the exit and the final answer. Arrivals and
  the failures themselves are not counted; what a fault adds is.
- Carried: these and the acks. An ack of a recorder that is well changes nothing but the time of the
  last one, so it is reckoned when it is needed and not played (`tests/simulator/campaign/test_acks`
  holds both to the same tally). There is one for each cadence of streaming, 5 s: 8 of 40 s.

Bare SimPy is one process a session that waits as often and does nothing. Its rate is that of events
that were played, so both are printed: what is promised is that of events carried, and the rate of
events played stands beside it. Rates are of CPU time, in pairs in one process.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator
from statistics import median

import simpy

from simulator.campaign.plan import Plan, parse, vary
from simulator.campaign.recorder import US
from simulator.campaign.tally import Tally
from simulator.campaign.world import play

Waits = Generator[simpy.Event, None, None]

SESSIONS_PER_S = 5_000
OF_BARE = 0.25
REAL_TIME = 10_000
GROWTH_MIB = 8.0
"""A million sessions may take so much more than the first tenth of them."""
PAIRS = 5
MILLION = 1_000_000

BASE = parse(
    b"""
name = "base"
nodes = 1000
[sessions]
count = 20000
gap = "5 s"
length = "40 s"
outputs = 20
[crash]
every = "18 min"
lasts = "90 s"
[silent]
every = "90 min"
lasts = "60 s"
""",
    "base",
)


def campaign(plan: Plan, seed: int) -> tuple[float, Tally]:
    """Play one seed; return seconds of CPU time and the tally."""
    begun = time.process_time()
    tally = play(plan, seed)
    return time.process_time() - begun, tally


def bare(sessions: int, events: int) -> float:
    """Let SimPy's processes wait as often as sessions do; return seconds of CPU time."""
    env = simpy.Environment(initial_time=0)
    gap, step = BASE.sessions.gap, BASE.sessions.length // events

    def session() -> Waits:
        for _ in range(events):
            yield env.timeout(step)

    def arrivals() -> Waits:
        for _ in range(sessions):
            env.process(session())
            yield env.timeout(gap)

    env.process(arrivals())
    begun = time.process_time()
    env.run()
    return time.process_time() - begun


def acks(tally: Tally) -> int:
    """Return how many acks came: one for each cadence of streaming."""
    return sum(load.time for load in tally.recorders) * US // BASE.timers.ack_cadence


def peak_mib(sessions: int) -> float:
    """Play so many sessions in a process of their own, and return its greatest resident size."""
    program = (
        "import sys, resource; from benchmarks.campaign import BASE, with_sessions;"
        "from simulator.campaign.world import play; play(with_sessions(BASE, int(sys.argv[1])), 1);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(sessions)], capture_output=True, check=True, text=True
    )
    return int(done.stdout) / 1024


def with_sessions(plan: Plan, count: int) -> Plan:
    """Return the plan with another number of sessions."""
    return vary(plan, "sessions.count", count)


def main() -> int:
    """Print a line for each promise; 1 when one is missed."""
    rates, strict, shares, speeds = [], [], [], []
    tally = Tally()
    for seed in range(PAIRS):
        seconds, tally = campaign(BASE, seed)
        rates.append(BASE.sessions.count / seconds)
        speeds.append(tally.span / 1e6 / seconds)
        played = round(tally.events / BASE.sessions.count)
        strict.append(bare(BASE.sessions.count, played) / seconds)
        shares.append(strict[-1] * (tally.events + acks(tally)) / tally.events)
    touched = sum(group.touched for group in tally.actions.values()) / BASE.sessions.count
    rate, share, speed = median(rates), median(shares), median(speeds)
    print(
        f"base campaign: {rate:,.0f} sessions/s ({SESSIONS_PER_S / rate:.2f} of the limit,"
        f" {SESSIONS_PER_S:,}), {touched:.0%} met a fault,"
        f" {tally.events / BASE.sessions.count:.1f} events a session played,"
        f" {(tally.events + acks(tally)) / BASE.sessions.count:.1f} carried"
    )
    print(
        f"events: {share:.2f} of bare SimPy's rate ({OF_BARE / share:.2f} of the limit, {OF_BARE});"
        f" of those played alone, {median(strict):.2f}"
    )
    print(
        f"{BASE.nodes} nodes: {speed:,.0f} times real time"
        f" ({REAL_TIME / speed:.2f} of the limit, {REAL_TIME:,})",
        flush=True,
    )
    few, many = peak_mib(MILLION // 10), peak_mib(MILLION)
    print(
        f"a million sessions: {many:.0f} MiB, {many - few:.1f} more than {MILLION // 10:,}"
        f" ({(many - few) / GROWTH_MIB:.2f} of the limit, {GROWTH_MIB:.0f} MiB)"
    )
    missed = rate < SESSIONS_PER_S or share < OF_BARE or speed < REAL_TIME
    return int(missed or many - few > GROWTH_MIB)


if __name__ == "__main__":
    sys.exit(main())
