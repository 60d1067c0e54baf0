"""Other versions of Python, where there are some that have what the simulator needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = ("python3.11", "python3.12", "python3.13", "python3.14")
OLDEST = "import sys; assert sys.version_info >= (3, 11)"


def pythons(needed: str) -> list[str]:
    """This one, then those in RECSPEC_PYTHONS and on PATH that can run the statements `needed`."""
    named = os.environ.get("RECSPEC_PYTHONS", "").split(os.pathsep)
    found = [*filter(None, named), *filter(None, map(shutil.which, NAMES))]
    return [sys.executable, *(path for path in dict.fromkeys(found) if _runs(path, needed))]


def _runs(path: str, needed: str) -> bool:
    words = [path, "-c", f"{OLDEST}; {needed}"]
    return not subprocess.run(words, capture_output=True, check=False).returncode


def digests(program: str, needed: str, *words: str) -> dict[str, str]:
    """What `program` prints under several hash seeds, and under each other Python; by which."""
    first, *others = pythons(needed)
    runs = [(first, "0"), (first, "1"), (first, "random"), *((other, "7") for other in others)]
    running = {
        f"{python}, hash seed {seed}": subprocess.Popen(
            [python, "-c", program, *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo" if seed == "1" else ""},
            stdout=subprocess.PIPE,
            text=True,
        )
        for python, seed in runs
    }
    return {name: process.communicate(timeout=100)[0].strip() for name, process in running.items()}
