"""Recorders that share no code with ours, for the suite to be tried on: other stacks, other bugs.

``go_recorder/`` is on Go's net/http and has v1, v2 and events; ``plain_asyncio_recorder.py`` reads
v1 from asyncio's streams by hand. Both store on a filesystem, as ``srcNodeID/TIME.cast``, both say
``listening on HOST:PORT`` on stderr once they listen, and both end at SIGTERM.

A command here is what a target profile has as `command`: ``{host}``, ``{port}`` and ``{storage}``
are to be filled in. The folder `storage` has to be there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

from fixtures import go_toolchain

PLAIN_RECORDER = Path(__file__).with_name("plain_asyncio_recorder.py")
GO_RECORDER = Path(__file__).with_name("go_recorder")
OLDEST_GO = (1, 24)
"""The first whose net/http speaks HTTP/2 on cleartext."""

PLAIN_COMMAND = (
    *(sys.executable, "-I", str(PLAIN_RECORDER)),
    *("--listen", "{host}:{port}", "--storage", "{storage}"),
)


class NoGo(Exception):  # noqa: N818
    """There is no Go to build with that is new enough; the words say what there is."""


def build_go_recorder(cache: Path) -> Path:
    """Return the program, built from `GO_RECORDER` unless `cache` has it from before.

    Nothing is fetched: it needs the standard library only. Raises NoGo and go_toolchain.GoFailed.
    """
    found: list[str] = []
    go = go_toolchain.find(found.append)
    if go is None:
        raise NoGo("; ".join(found) or "there is no Go")
    if _numbers(go.version) < OLDEST_GO:
        raise NoGo(f"{go.path} is {go.version}, and go{'.'.join(map(str, OLDEST_GO))} is needed")
    sources = sorted(path for path in GO_RECORDER.iterdir() if path.suffix in {".go", ".mod"})
    digest = hashlib.sha256(go.version.encode())
    for path in sources:
        digest.update(path.read_bytes())
    program = cache / f"go_recorder-{digest.hexdigest()[:16]}"
    if program.exists():
        return program
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=cache) as name:
        work = Path(name)
        for path in sources:
            shutil.copy(path, work)
        go.build(".", module=work, to=work / "program", ldflags="-s -w")
        # Whoever else builds it at the same time has built the same.
        (work / "program").replace(program)
    return program


def go_command(cache: Path) -> tuple[str, ...]:
    """Return the command of the recorder in Go, building it first if need be."""
    return (
        *(str(build_go_recorder(cache)), "-listen", "{host}:{port}"),
        *("-storage", "{storage}"),
    )


def _numbers(version: str) -> tuple[int, ...]:
    """Read ``go1.26.8``, ``go1.25rc1`` or ``devel go1.27-…``."""
    found = re.search(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else ()
