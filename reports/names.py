"""What the files in a run's folder are called."""

from __future__ import annotations

from urllib.parse import quote

RESULTS = "results.json"
JUNIT = "junit.xml"
PAGE = "report.html"
HISTORIES = "histories"
TAPES = "wire"

_KEPT = " !#$&'()+,;=@[]^_`{}~"
"""Marks that stay as they are in a history's name; the rest is percent-encoded."""


def history_path(scenario: str) -> str:
    """Return where a scenario's history lies, relative to the run's folder, with ``/`` between.

    The scenario's ID with ``__`` for ``/``. An ID is text from outside: what could lead to another
    folder or cannot be in a file's name is percent-encoded.
    """
    return f"{HISTORIES}/{_file(scenario)}.jsonl"


def tape_path(case: str) -> str:
    """Return where the bytes of a case's connections lie, as `history_path` says."""
    return f"{TAPES}/{_file(case)}.jsonl"


def _file(scenario: str) -> str:
    return quote(scenario.replace("/", "__"), safe=_KEPT, errors="replace")
