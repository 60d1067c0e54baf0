"""``recspec report DIR``: the page and the JUnit file again, from what a run left behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from conformance.history import History, HistoryError, from_lines
from conformance.judgement import ExitStatus, Run, exit_status
from reports.names import PAGE, RESULTS, history_path
from reports.results import ResultsError, read_results, results_json
from reports.terminal import print_summary
from reports.visible import one_line
from reports.write import ReportError, rendered, write_all


class UnreadableError(Exception):
    """A run's folder that cannot be read; one line says which file, and what is wrong there."""


def report(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder that a run wrote with --out.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON, and only them, on stdout.")
    ] = False,
) -> None:
    """Render report.html and junit.xml of a finished run again, and print its summary.

    Reads results.json and the histories beside it. Ends like the run did: 0 conformant,
    1 not conformant, 3 inconclusive; 2 when the folder cannot be read.

    Example: recspec report recspec-results
    """
    try:
        run, histories = read_run(directory)
    except UnreadableError as error:
        _end(str(error), ExitStatus.USAGE)
    try:
        write_all(rendered(run, histories), directory)
    except ReportError as error:
        _end(str(error), ExitStatus.INCONCLUSIVE)
    if as_json:
        sys.stdout.buffer.write(results_json(run))
        sys.stdout.buffer.flush()
    print_summary(run, Console(stderr=as_json), directory / PAGE)
    raise typer.Exit(exit_status(run))


def read_run(directory: Path) -> tuple[Run, dict[str, History]]:
    """Read a run's folder: its results, and those of its histories that are there.

    Raises UnreadableError, naming the file and, in a history, the line.
    """
    path = directory / RESULTS
    try:
        run = read_results(path.read_bytes())
    except FileNotFoundError:
        raise UnreadableError(f"{path}: not there; DIR is a folder that a run wrote") from None
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    except ResultsError as error:
        raise UnreadableError(f"{path}: {error}") from error
    histories = {}
    for result in run.results:
        path = directory / history_path(result.scenario)
        try:
            histories[result.scenario] = from_lines(path.read_bytes())
        except FileNotFoundError:
            continue  # a run folder may be passed on without them: the page has no timeline then
        except OSError as error:
            raise UnreadableError(f"{path}: {error.strerror}") from error
        except HistoryError as error:
            raise UnreadableError(f"{path}: {error}") from error
    return run, histories


def _end(message: str, status: ExitStatus) -> NoReturn:
    typer.echo(f"recspec report: {one_line(message)}", err=True)
    raise typer.Exit(status)
