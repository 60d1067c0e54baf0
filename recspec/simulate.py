"""``recspec simulate``: campaigns in virtual time, spread over processes or a cluster."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console

from conformance.figures import Varied
from conformance.judgement import ExitStatus
from recspec import __version__
from recspec.campaign_plan import (
    BASE,
    AskedError,
    Variant,
    digest,
    plan_of,
    seeds_of,
    tasks_of,
    variants_of,
)
from recspec.campaign_progress import CampaignProgress
from recspec.folders import held_folder
from recspec.new_file import write_new
from recspec.serving import fail
from reports import campaign_parquet, campaign_plots
from reports.campaign import (
    FIGURES,
    TABLES,
    Campaign,
    figures_json,
    figures_markdown,
    print_campaign,
)
from reports.write import ReportError, write_all
from simulator.campaign.figures import figures
from simulator.campaign.one_seed import play_seed, tally_of
from simulator.campaign.plan import Plan
from simulator.campaign.tally import Tally
from simulator.spread.code import code_digest
from simulator.spread.crews import ClusterCrew, Crew, CrewError, LocalCrew, UsageError
from simulator.spread.journal import Header, Journal, JournalError
from simulator.spread.spreading import Spreading, Stopped, Trouble
from simulator.spread.work import Task

JOURNAL = "journal.jsonl"
_PRELOAD = ("recspec.cli", "simulator.campaign.one_seed")
_TOLD = 10
_OPTIONAL = (campaign_plots, campaign_parquet)


def simulate(
    plan: Annotated[
        Path | None,
        typer.Argument(metavar="[PLAN.toml]", help="What to play. None: the base plan."),
    ] = None,
    sessions: Annotated[
        int | None, typer.Option("--sessions", help="Sessions of each seed, instead of the plan's.")
    ] = None,
    seeds: Annotated[
        str, typer.Option("--seeds", metavar="FIRST-LAST", help="Each is played by itself.")
    ] = "1-20",
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="KEY=V1,V2,…",
            help="What if: play each value of a key of the plan. More than one: each by itself.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Processes on this machine. [default: one per core]"),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="A Dask scheduler, tcp://HOST:PORT."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A folder for what comes out. [default: one by the time]"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the campaign that --out holds.")
    ] = False,
    init: Annotated[
        bool, typer.Option("--init", help="Write the base plan, with comments, to PLAN.toml.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print figures.json, and only it, on stdout.")
    ] = False,
) -> None:
    """Play a campaign in virtual time: days of sessions among recorders that fail and come back.

    Writes figures with their confidence intervals, each seed's counts, and plots. What comes out
    depends on the plan and the seeds alone, not on how or where they were played. A campaign that
    was stopped is continued with --resume, also with more seeds or more to vary.

    Ends with 0 when all of it was played, 2 for wrong usage, 3 when it was stopped or something
    failed.

    Example: recspec simulate --seeds 1-50 --vary recorders.count=1,2,3 --out /tmp/campaign
    """
    if init:
        _init(plan)
    try:
        base = plan_of(plan, sessions)
        asked = seeds_of(seeds)
        variants = variants_of(base, vary or [])
    except AskedError as error:
        fail(ExitStatus.USAGE, f"recspec simulate: {error}")
    if jobs is not None and cluster is not None:
        fail(ExitStatus.USAGE, "recspec simulate: give --jobs or --cluster, not both")
    if resume and out is None:
        fail(ExitStatus.USAGE, "recspec simulate: --resume needs --out, the folder to go on in")
    tasks = tasks_of(variants, asked)
    with held_folder(out) as folder, _Interrupts() as interrupts:
        _refuse_used(folder, resume=resume)
        try:
            with _journal(folder, base) as journal:
                _played(journal, variants, tasks, lambda: _crew(jobs, cluster), interrupts)
                tallies = {task: tally_of(journal.done[task]) for task in tasks}
            campaign = _campaign(base, asked, variants, tallies)
            _write(campaign, variants, asked, tallies, folder)
        except Stopped:
            fail(ExitStatus.INCONCLUSIVE, f"stopped; {_how_to_resume(folder)}")
    if as_json:
        sys.stdout.buffer.write(figures_json(campaign))
        sys.stdout.buffer.flush()
    else:
        print_campaign(campaign, Console())
    typer.echo(f"written to {folder}", err=True)


def _init(plan: Path | None) -> NoReturn:
    """Write the base plan, and end the command."""
    if plan is None:
        fail(ExitStatus.USAGE, "recspec simulate: --init needs a file to write: PLAN.toml")
    write_new(plan, BASE.read_bytes())
    typer.echo(f"{plan} is written; 'recspec simulate {plan}' plays it")
    raise typer.Exit(ExitStatus.CONFORMANT)


# --- interrupts -----------------------------------------------------------------------------------


class _Interrupts:
    """Ctrl-C and SIGTERM: seeds stop being played, anything else is broken off."""

    def __init__(self) -> None:
        self.stop: Callable[[], None] | None = None
        """Whom to ask; None: whatever is done is broken off by Stopped."""
        self._before: dict[int, object] = {}

    def __enter__(self) -> _Interrupts:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _asked(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.stop is None:
            raise Stopped
        self.stop()


def _how_to_resume(folder: Path) -> str:
    """Say with which command it goes on."""
    words = [word for word in sys.argv[1:] if word != "--resume"]
    if "--out" not in words and not any(word.startswith("--out=") for word in words):
        words += ["--out", str(folder)]
    return f"what was played is kept; go on with: recspec {shlex.join([*words, '--resume'])}"


# --- the folder -----------------------------------------------------------------------------------


def _refuse_used(folder: Path, *, resume: bool) -> None:
    begun = (folder / JOURNAL).exists()
    if resume and not begun:
        typer.echo(f"--resume: {folder} holds no campaign yet; beginning it", err=True)
    elif not resume and (begun or (folder / FIGURES).exists()):
        fail(
            ExitStatus.USAGE,
            f"--out {folder}: holds a campaign already; go on with --resume, or give a new folder",
        )


def _journal(folder: Path, base: Plan) -> Journal:
    path = folder / JOURNAL
    try:
        return Journal(path, Header(plan=digest(base), code=code_digest()))
    except JournalError as error:
        fail(ExitStatus.USAGE, str(error))
    except OSError as error:
        fail(ExitStatus.INCONCLUSIVE, f"{path}: {error.strerror}")


# --- playing --------------------------------------------------------------------------------------


class _KeepingError(Exception):
    """A result cannot be kept."""


def _crew(jobs: int | None, cluster: str | None) -> Crew:
    """Return who plays; ends the command when they cannot be had."""
    try:
        if cluster is not None:
            return ClusterCrew(cluster)
        return LocalCrew(jobs or _cores(), _PRELOAD)
    except UsageError as error:
        fail(ExitStatus.USAGE, f"--cluster {cluster}: {error}")
    except CrewError as error:
        fail(ExitStatus.INCONCLUSIVE, f"--cluster {cluster}: {error}")


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _play(
    journal: Journal,
    variants: tuple[Variant, ...],
    tasks: tuple[Task, ...],
    crew: Crew,
    interrupts: _Interrupts,
) -> list[Trouble]:
    """Play what is not in the journal yet. Raises Stopped, CrewError and _KeepingError."""
    left = [task for task in tasks if task not in journal.done]

    def took(task: Task, result: bytes) -> None:
        try:
            journal.add(task, result)
        except OSError as error:
            raise _KeepingError(error.strerror) from error
        progress.add()

    with CampaignProgress(len(tasks), len(tasks) - len(left), Console(stderr=True)) as progress:
        spreading = Spreading(
            crew,
            play_seed,
            {variant.digest: variant.plan for variant in variants},
            tick=lambda: progress.tick(crew.note()),
        )
        interrupts.stop = spreading.stop
        try:
            return spreading.run(left, took)
        finally:
            crew.close()
            interrupts.stop = None


def _played(
    journal: Journal,
    variants: tuple[Variant, ...],
    tasks: tuple[Task, ...],
    make_crew: Callable[[], Crew],
    interrupts: _Interrupts,
) -> None:
    """Have all tasks in the journal, or end the command and say how to go on."""
    if all(task in journal.done for task in tasks):
        return
    why = ""
    try:
        troubles = _play(journal, variants, tasks, make_crew(), interrupts)
        names = {variant.digest: str(variant) for variant in variants}
        told = [f"  seed {one.task.seed}{names[one.task.variant]}: {one.why}" for one in troubles]
        if len(told) > _TOLD:
            told = [*told[:_TOLD], f"  and {len(told) - _TOLD} more"]
        if told:
            why = "\n".join(["there are seeds without a result:", *told, ""])
    except Stopped:
        why = "stopped: "
    except CrewError as error:
        why = f"{error}: "
    except _KeepingError as error:
        why = f"{journal.path}: {error}: "
    if why:
        done = sum(task in journal.done for task in tasks)
        resume = _how_to_resume(journal.path.parent)
        fail(ExitStatus.INCONCLUSIVE, f"{why}{done} of {len(tasks)} seeds were played; {resume}")


# --- what comes out -------------------------------------------------------------------------------


def _campaign(
    base: Plan, seeds: range, variants: tuple[Variant, ...], tallies: Mapping[Task, Tally]
) -> Campaign:
    def varied(variant: Variant) -> Varied:
        by_seed = {seed: tallies[Task(variant.digest, seed)] for seed in seeds}
        found = figures(variant.plan, by_seed)
        return Varied(key=variant.key, value=variant.value, seeds=len(seeds), found=found)

    return Campaign(
        version=__version__,
        plan=msgspec.to_builtins(base),
        seeds=(seeds[0], seeds[-1]),
        variants=tuple(varied(variant) for variant in variants),
    )


def _write(
    campaign: Campaign,
    variants: tuple[Variant, ...],
    seeds: range,
    tallies: Mapping[Task, Tally],
    folder: Path,
) -> None:
    """Write the folder's files, all or none; ends the command when that cannot be done."""
    files: dict[str, bytes] = {}
    for part in _OPTIONAL:
        if not part.available():
            typer.echo(
                f"no {part.EXTRA}: {part.PACKAGE} is not installed;"
                f" pip install 'recspec[{part.EXTRA}]', and --resume writes what is missing",
                err=True,
            )
    if campaign_plots.available():
        files |= campaign_plots.plots(campaign)
    if campaign_parquet.available():
        rows = (
            campaign_parquet.Row(one.key, one.value, seed, tallies[Task(one.digest, seed)])
            for one in variants
            for seed in seeds
        )
        files[campaign_parquet.TALLIES] = campaign_parquet.tallies_parquet(rows, Tally)
    files[TABLES] = figures_markdown(campaign).encode()
    files[FIGURES] = figures_json(campaign)
    try:
        write_all(files, folder)
        _drop_outdated(folder, files)
    except ReportError as error:
        fail(ExitStatus.INCONCLUSIVE, f"{error}; {_how_to_resume(folder)}")


def _drop_outdated(folder: Path, files: Mapping[str, bytes]) -> None:
    """Remove what an earlier run wrote and this one, which knows more, did not."""
    plots = (folder / campaign_plots.FOLDER).glob("*.*")
    for path in (*plots, folder / campaign_parquet.TALLIES):
        if path.relative_to(folder).as_posix() not in files:
            path.unlink(missing_ok=True)
