"""What the tests of campaigns share: plans in a few words, and seeds played."""

from __future__ import annotations

from functools import reduce

from simulator.campaign.plan import Plan, parse
from simulator.campaign.tally import Outcomes, Tally, merge
from simulator.campaign.world import play

COUNTED = ("recorded", "allowed", "continued", "rejected", "terminated", "aborted")
"""The ends of a session; they add up to what arrived."""


def plan(text: str) -> Plan:
    return parse(text.encode(), "plan")


def played(given: Plan, seeds: int) -> dict[int, Tally]:
    return {seed: play(given, seed) for seed in range(seeds)}


def together(tallies: dict[int, Tally]) -> Tally:
    return reduce(merge, tallies.values(), Tally())


def outcomes(tally: Tally) -> Outcomes:
    """All failure actions together."""
    return together(
        {number: Tally(actions={"all": part}) for number, part in enumerate(tally.actions.values())}
    ).actions["all"]
