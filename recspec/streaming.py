"""What ``--list`` and ``--stream`` print: the cases of a check, and each result once it is known.

Both are for programs that play a check and show it in their own way, as the pytest plugin does.
Texts are made visible here: what came off the wire must not act on whoever shows it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Protocol

import msgspec
import typer

from conformance.judgement import ExitStatus, Finding, Judgement
from recspec import __version__
from reports.results import FindingEntry, ResultEntry
from reports.visible import one_line, visible

Listed = Annotated[
    bool,
    typer.Option("--list", help="Print what would be checked as a JSON array, and check nothing."),
]
Streamed = Annotated[
    bool,
    typer.Option("--stream", help="Print each result on stdout once it is known, as JSON lines."),
]
_EVIDENCE_LIMIT = 4000
"""Characters of one piece of evidence; the whole is in the history."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One case or scenario as ``--list`` prints it."""

    id: str
    title: str
    level: str
    """What it belongs to: a level of conformance, or the library or the matrix."""
    clauses: tuple[str, ...]
    """IDs of what it was written for, as far as that is known beforehand."""


def print_listing(found: Iterable[Listing]) -> None:
    """Print a JSON array."""
    _write(msgspec.json.format(msgspec.json.encode(tuple(found))))


class Observer(Protocol):
    """Who else wants to know how a run goes on."""

    def started(self, scenario: str) -> None:
        """A case is being played now."""

    def finished(self, judgement: Judgement) -> None:
        """A case was judged."""


class Stream:
    """Prints a run as it goes on: ``begun``, a ``judged`` for each result, and ``ended``.

    Each line is an object with one of these keys.
    """

    def __init__(self, observer: Observer, folder: Path, cases: int) -> None:
        self._observer = observer
        _line("begun", {"version": __version__, "folder": str(folder), "cases": cases})

    def started(self, scenario: str) -> None:
        """Pass it on."""
        self._observer.started(scenario)

    def finished(self, judgement: Judgement) -> None:
        """Print the result, in the shape of one of `results.json`."""
        self._observer.finished(judgement)
        _line("judged", _entry(judgement))

    def ended(self, status: ExitStatus, page: Path | None, told: Iterable[str] = ()) -> None:
        """Print how it ended; `told` are lines for a summary."""
        where = str(page) if page is not None else None
        _line("ended", {"status": int(status), "page": where, "told": [one_line(t) for t in told]})


def _line(what: str, content: object) -> None:
    _write(msgspec.json.encode({what: content}) + b"\n")


def _write(data: bytes) -> None:
    """Write to stdout; when nobody reads it any more, the run goes on."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _entry(judgement: Judgement) -> ResultEntry:
    return ResultEntry(
        id=judgement.scenario,
        title=one_line(judgement.title),
        status=judgement.status,
        duration_s=judgement.duration_s,
        clauses=judgement.clauses,
        findings=tuple(map(_finding, judgement.findings)),
        transitions=judgement.transitions,
        artifacts=judgement.artifacts,
    )


def _finding(finding: Finding) -> FindingEntry:
    return FindingEntry(
        clause=finding.clause,
        status=finding.status,
        message=visible(finding.message),
        evidence=tuple(one_line(evidence, _EVIDENCE_LIMIT) for evidence in finding.evidence),
        session=one_line(finding.session),
    )
