"""What the tests of spreading play: small functions that a worker can import by name."""

from __future__ import annotations

import os
import signal
from hashlib import sha256
from pathlib import Path


def digest(variant: str, seed: int) -> bytes:
    return b'"' + sha256(f"{variant} {seed}".encode()).hexdigest().encode() + b'"'


def raises_at_three(variant: str, seed: int) -> bytes:
    if seed == 3:
        raise ValueError("three is wrong")
    return digest(variant, seed)


def kills_at_three(variant: str, seed: int) -> bytes:
    if seed == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return digest(variant, seed)


def kills_once(folder: str, seed: int) -> bytes:
    """Seed 5 ends its worker the first time it is played."""
    mark = Path(folder, "killed")
    if seed == 5 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return digest("v", seed)


def slow_digest(variant: str, seed: int) -> bytes:
    """Takes long enough that a worker is killed in the middle of something."""
    for _ in range(20_000):
        digest(variant, seed)
    return digest(variant, seed)
