"""``recspec run``: play scenarios, judge them, write the results."""

from __future__ import annotations

import asyncio
import fcntl
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.judgement import ExitStatus, exit_status
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from recspec import __version__
from recspec.serving import fail
from reports.names import PAGE, RESULTS
from reports.results import results_json
from reports.terminal import Progress, print_summary
from reports.write import ReportError, write_reports
from scenarios.engine import DEFAULT_JOBS, Options, Play, Result, play
from scenarios.reader import (
    UnknownScenarioError,
    UnreadableScenarioError,
    library,
    load,
    select,
)
from simulator.overlay import Mutant, mutants

DEFAULT_OUT = Path("recspec-results")


def run(
    selection: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SELECT]...",
            help="Scenario IDs, folders, shell patterns, or scenario files. None: the library.",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="How many scenarios are played at once.")
    ] = DEFAULT_JOBS,
    speed: Annotated[
        int,
        typer.Option(
            "--speed",
            min=1,
            max=1000,
            help="Divide the protocol's timers; timing clauses are then skipped.",
        ),
    ] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="What the canaries are made of.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A new folder for the results. [default: one by the time]"),
    ] = None,
    mutant: Annotated[
        str | None, typer.Option("--mutant", help="Play with this defect in a reference part.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print results.json, and only it, on stdout.")
    ] = False,
) -> None:
    """Play scenarios on real parts, break them on purpose, and judge what happened.

    Ends with 0 when everything conforms, 1 when something does not, 2 for wrong usage, 3 when
    the rig failed and nothing that was checked failed.

    Example: recspec run failover --jobs 8 --out /tmp/results
    """
    chosen = _chosen(selection or [])
    defect = _mutant(mutant)
    console = Console(stderr=True)
    with results_folder(out) as folder:
        options = Options(jobs=jobs, seed=seed, speed=speed, version=__version__)
        with Progress(len(chosen), console) as progress:
            result = asyncio.run(_play(chosen, defect, options, progress))
        status = exit_status(result.run)
        histories = dict(zip((s.id for s in chosen), result.histories, strict=True))
        try:
            page: Path | None = write_reports(result.run, histories, folder)
        except ReportError as error:
            page = None
            console.print(str(error), markup=False, soft_wrap=True)
            status = status or ExitStatus.INCONCLUSIVE
    if as_json:
        sys.stdout.buffer.write(results_json(result.run))
        sys.stdout.buffer.flush()
    print_summary(result.run, Console(stderr=as_json), page)
    raise typer.Exit(status)


async def _play(
    chosen: list[Scenario], mutant: Mutant | None, options: Options, progress: Progress
) -> Result:
    """Play until all is over, or SIGINT or SIGTERM asks to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await play([Play(s, mutant) for s in chosen], options, progress, stop)


def _chosen(selection: list[str]) -> list[Scenario]:
    """Return what was selected: scenarios of the library by name, and files by path."""
    faults = frozenset(vocabulary())
    files = [name for name in selection if name.endswith((".yaml", ".yml"))]
    names = [name for name in selection if name not in files]
    try:
        found = {name: load(Path(name), faults) for name in files}
        if names or not files:
            found |= select(library(faults), names)
    except (UnreadableScenarioError, UnknownScenarioError) as error:
        fail(ExitStatus.USAGE, str(error))
    return list(found.values())


def _mutant(name: str | None) -> Mutant | None:
    if name is None:
        return None
    known = mutants()
    if name not in known:
        fail(
            ExitStatus.USAGE, f"no mutant is named {name!r}; 'recspec list mutants' names them all"
        )
    return known[name]


@contextmanager
def results_folder(out: Path | None) -> Iterator[Path]:
    """Make the results' folder, and hold it against other runs while this one goes on."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    folder = out if out is not None else DEFAULT_OUT / stamp
    try:
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
            if (folder / RESULTS).exists() or (folder / PAGE).exists():
                fail(
                    ExitStatus.USAGE,
                    f"--out {folder}: holds the results of an earlier run; give a new folder",
                )
            yield folder
        finally:
            (folder / ".lock").unlink(missing_ok=True)
