"""Runs a command of recspec in an interpreter of its own: ``python -I isolated.py WORDS``.

Whoever starts it holds the other end of its standard input; once that is closed, the command is
asked to stop (SIGTERM). So nothing goes on when its caller dies, however it dies.

Where it runs, a vendor may have packages that are named like ours. `-I` keeps the working folder
and the environment out of the import path; here our own folder is put before whatever else is
installed.
"""

from __future__ import annotations

import os
import signal
import site
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
USAGE = 2


def main() -> None:
    """Run the command that the arguments name."""
    sys.path[:] = import_path(sys.path, site.getsitepackages())
    from recspec.cli import COMMANDS  # noqa: PLC0415 - only now it can be found
    from recspec.cli import main as run  # noqa: PLC0415

    if tuple(sys.argv[1:3]) not in COMMANDS:
        words = " ".join(sys.argv[1:3])
        sys.stderr.write(f"this version of recspec has no command '{words}'\n")
        sys.exit(USAGE)
    threading.Thread(target=_stop_with_the_caller, daemon=True).start()
    run()


def import_path(path: list[str], sites: list[str]) -> list[str]:
    """Put our folder behind the standard library and before everything that is installed."""
    others = [entry for entry in path if entry != str(ROOT)]
    place = next((at for at, entry in enumerate(others) if entry in sites), len(others))
    return [*others[:place], str(ROOT), *others[place:]]


def _stop_with_the_caller() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
