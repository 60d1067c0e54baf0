"""The same seed gives the same bytes, whatever the hash seed, the process or the Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
NEEDED = "import sys, msgspec, simpy; assert sys.version_info >= (3, 11)"
PLAY = """
import hashlib, msgspec
from pathlib import Path
from simulator.campaign.one_seed import play_seed
from simulator.campaign.plan import load, vary
plan = vary(load(Path("recspec/base_campaign.toml")), "sessions.count", 1500)
digest = hashlib.sha256()
for order in ("same", "random"):
    for seed in (1, 2, 2**63 - 1):
        digest.update(play_seed(vary(plan, "recorders.order", order), seed))
print(digest.hexdigest())
"""


def interpreters() -> list[str]:
    """This one, those in RECSPEC_PYTHONS, and those on PATH that have what is needed."""
    named = os.environ.get("RECSPEC_PYTHONS", "").split(os.pathsep)
    found = [*filter(None, named), *filter(None, map(shutil.which, PYTHONS))]
    able = [
        path
        for path in dict.fromkeys(found)
        if not subprocess.run([path, "-c", NEEDED], capture_output=True, check=False).returncode
    ]
    return [sys.executable, *able]


def test_the_same_tallies_everywhere() -> None:
    first, *others = interpreters()
    runs = [(first, "0"), (first, "1"), (first, "random"), *((other, "7") for other in others)]
    running = [
        subprocess.Popen(
            [python, "-c", PLAY],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo" if seed == "1" else ""},
            stdout=subprocess.PIPE,
            text=True,
        )
        for python, seed in runs
    ]
    digests = [process.communicate(timeout=100)[0].strip() for process in running]
    assert len(digests[0]) == 64
    assert set(digests) == {digests[0]}, list(zip(runs, digests, strict=True))
