"""The folder that a command writes into: made if need be, and held by one command at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from conformance.judgement import ExitStatus
from recspec.serving import fail

DEFAULT_OUT = Path("recspec-results")


@contextmanager
def held_folder(out: Path | None) -> Iterator[Path]:
    """Make the folder, by default one named by the time, and hold it against other commands.

    What was made here and in which nothing was written is removed again.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    folder = out if out is not None else DEFAULT_OUT / stamp
    made: list[Path] = []
    try:
        made += [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / ".lock").open("w")
    except (FileExistsError, NotADirectoryError):
        fail(ExitStatus.USAGE, f"--out {folder}: not a folder")
    except OSError as error:
        fail(ExitStatus.INCONCLUSIVE, f"--out {folder}: {error.strerror}")
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail(
                ExitStatus.USAGE,
                f"--out {folder}: another run is writing there; give each run its own folder",
            )
        try:
            yield folder
        finally:
            (folder / ".lock").unlink(missing_ok=True)
            with suppress(OSError):  # something was written there
                for place in made:
                    place.rmdir()
