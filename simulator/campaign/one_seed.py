"""One seed of a campaign as bytes in and out, which is what is spread over processes."""

from __future__ import annotations

import msgspec

from simulator.campaign.plan import Plan
from simulator.campaign.tally import Tally, merge
from simulator.campaign.world import play


def play_seed(plan: Plan, seed: int) -> bytes:
    """Play one seed; returns its tally as JSON, in the same bytes every time."""
    # Merging puts the keys of every map in order.
    return msgspec.json.encode(merge(Tally(), play(plan, seed)))


def tally_of(played: bytes) -> Tally:
    """Read a tally back; raises msgspec.ValidationError when it is none."""
    return msgspec.json.decode(played, type=Tally)
