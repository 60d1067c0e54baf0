"""What ``--init`` of several commands has in common: a file to start from, which replaces none."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NoReturn

from conformance.judgement import ExitStatus
from recspec.serving import fail


def refuse_existing(path: Path) -> None:
    """End the command when a file is there already, before anything is done for its sake."""
    if path.exists():
        _exists(path)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet; ends the command, in one line, when it cannot be."""
    try:
        file = path.open("xb")
    except FileExistsError:
        _exists(path)
    except (OSError, ValueError) as error:
        fail(ExitStatus.INCONCLUSIVE, f"{path}: {getattr(error, 'strerror', None) or error}")
    try:
        with file:
            file.write(data)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        fail(ExitStatus.INCONCLUSIVE, f"{path}: {error.strerror}")


def _exists(path: Path) -> NoReturn:
    fail(ExitStatus.USAGE, f"{path}: exists; give another name, or move it away")
