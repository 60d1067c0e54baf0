"""``recspec judge HISTORY``: judge a saved history, with its scenario or without."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Annotated, NoReturn

import typer
from rich.console import Console

from conformance.checking import judge as judge_history
from conformance.history import Event, History, HistoryError, Played, from_line
from conformance.judgement import ExitStatus, Judgement, Run, Status, exit_status
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from recspec import __version__
from reports.results import results_json
from reports.terminal import print_summary
from reports.visible import one_line
from scenarios.engine import coverage
from scenarios.matrix import MATRIX, matrix
from scenarios.reader import LIBRARY, UnreadableScenarioError, load

LINE_LIMIT = 256 << 20
"""Bytes of one line: a line holds at most one whole recording."""


class UnreadableHistoryError(Exception):
    """A history that cannot be read; the message is ``FILE:LINE: what is wrong``."""


def judge(
    history: Annotated[
        str, typer.Argument(metavar="HISTORY", help="A saved history (JSON lines), or - for stdin.")
    ],
    scenario: Annotated[
        Path | None,
        typer.Option(
            "--scenario", help="Its scenario file. [default: by its name from library and matrix]"
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON, and only them, on stdout.")
    ] = False,
) -> None:
    """Judge a saved history by the checks that judged it when it was played.

    Every part of it is judged: of a history from 'recspec check client', which is about the client
    alone, our own server and recorders, too.

    Without its scenario, what only a scenario can say is skipped, and all else is judged. Ends
    with 0 when everything conforms, 1 when something does not, 2 when the history or the scenario
    cannot be read, 3 when the history has gaps or shows nothing that can be judged.

    Example: recspec judge recspec-results/histories/loss__cut.jsonl
    """
    try:
        events = read_history(history)
        plan = _scenario(scenario, events)
    except (UnreadableHistoryError, UnreadableScenarioError) as error:
        _usage(str(error))
    judgement = judge_history(plan, events)
    run = run_of(judgement, events, "stdin" if history == "-" else history)
    if as_json:
        sys.stdout.buffer.write(results_json(run))
        sys.stdout.buffer.flush()
    print_summary(run, Console(stderr=as_json))
    for line in skipped(judgement):
        typer.echo(one_line(line), err=as_json)
    raise typer.Exit(exit_status(run))


def read_history(name: str) -> History:
    """Read a history from a file, or from stdin for ``-``. Raises UnreadableHistoryError."""
    shown = "stdin" if name == "-" else name
    events: list[Event] = []
    try:
        with _opened(name) as file:
            for number, line in enumerate(_lines(file), 1):
                if not line.strip():
                    continue
                try:
                    if len(line) > LINE_LIMIT:
                        raise HistoryError(f"longer than {LINE_LIMIT} bytes")  # noqa: TRY301
                    events.append(from_line(line))
                except HistoryError as error:
                    raise UnreadableHistoryError(f"{shown}:{number}: {error}") from None
    except OSError as error:
        raise UnreadableHistoryError(f"{shown}: {error.strerror}") from None
    if not events:
        raise UnreadableHistoryError(f"{shown}:1: no events; a history has at least one")
    return tuple(events)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.readline(LINE_LIMIT + 1), b"")


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
        yield file


def _scenario(file: Path | None, history: History) -> Scenario | None:
    """Return the scenario given, or that of the library or the matrix of its name, or None."""
    faults = frozenset(vocabulary())
    if file is not None:
        return load(file, faults)
    wanted = next((e.what.scenario for e in history if isinstance(e.what, Played)), "")
    # The name comes from outside: it is looked for among what there is, never made into a path.
    for path in LIBRARY.rglob("*.yaml"):
        name = path.relative_to(LIBRARY).with_suffix("").as_posix()
        if name == wanted:
            return load(path, faults, id=name)
    return matrix().get(wanted) if wanted.startswith(f"{MATRIX}/") else None


def run_of(judgement: Judgement, history: History, target: str) -> Run:
    """Make a run of one judgement. A history does not say when it was played."""
    played = next((e.what for e in history if isinstance(e.what, Played)), None)
    return Run(
        tool="recspec",
        version=__version__,
        target=target,
        world=played.world if played is not None else "",
        seed=played.seed if played is not None else 0,
        speed=played.speed if played is not None else 1,
        started="",
        duration_s=judgement.duration_s,
        results=(judgement,),
        coverage=coverage((judgement,)),
    )


def skipped(judgement: Judgement) -> Iterator[str]:
    """Yield a line for each reason for which clauses were skipped, with the clauses."""
    reasons: dict[str, dict[str, None]] = {}
    for finding in judgement.findings:
        if finding.status is Status.SKIP:
            reasons.setdefault(finding.message, {})[finding.clause] = None
    for why, clauses in reasons.items():
        yield f"skipped: {', '.join(clauses)}: {why}"


def _usage(message: str) -> NoReturn:
    typer.echo(f"recspec judge: {one_line(message)}", err=True)
    raise typer.Exit(ExitStatus.USAGE)
