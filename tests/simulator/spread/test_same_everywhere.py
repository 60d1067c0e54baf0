"""The same seed gives the same tally, whatever the hash seed, the process or the Python."""

from __future__ import annotations

from tests.simulator.pythons import digests

PLAY = """
import hashlib
from pathlib import Path
from simulator.campaign.one_seed import play_seed
from simulator.campaign.plan import load, vary
plan = vary(load(Path("recspec/base_campaign.toml")), "sessions.count", 500)
digest = hashlib.sha256()
for order in ("same", "random"):
    for seed in (1, 2, 2**63 - 1):
        digest.update(play_seed(vary(plan, "recorders.order", order), seed))
print(digest.hexdigest())
"""


def test_the_same_tallies_everywhere() -> None:
    found = digests(PLAY, "import msgspec, simpy")
    assert len(set(found.values())) == 1, found
    assert {len(digest) for digest in found.values()} == {64}
