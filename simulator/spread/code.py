"""Which code plays: a digest of the sources that a result depends on.

Two processes whose digests differ may give different results for the same seed, so a worker of
another version is refused, and a campaign is not resumed with other code.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import conformance
import simulator

_PLAYED_WITH = ("simpy", "msgspec")


@cache
def code_digest() -> str:
    """Return 32 hexadecimal digits: our modules' sources, and the versions of what they stand on.

    The version of Python does not count: every supported one gives the same results.
    """
    digest = sha256()
    for package in (conformance, simulator):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            name = f"{root.name}/{path.relative_to(root).as_posix()}"
            digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    for name in _PLAYED_WITH:
        digest.update(f"{name} {_version(name)}\0".encode())
    return digest.hexdigest()[:32]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
