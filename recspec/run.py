"""``recspec run``: play scenarios, judge them, write the results."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from conformance.judgement import ExitStatus, exit_status
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from fixtures.openssh import missing as missing_openssh
from recspec import __version__
from recspec.folders import held_folder
from recspec.run_target import check_target
from recspec.serving import fail
from reports.agreement import AGREEMENT, agreement_json, print_agreement
from reports.names import PAGE, RESULTS
from reports.results import results_json
from reports.terminal import Progress, print_summary
from reports.write import ReportError, write_reports
from scenarios.engine import DEFAULT_JOBS, Observer, Options, Play, Result, play
from scenarios.reader import UnknownScenarioError, UnreadableScenarioError, load
from scenarios.selection import chosen as selected
from scenarios.simulated import agreement, simulate
from simulator.overlay import Mutant, mutants

SIMULATED = "sim"
"""The folder of the simulated run's results, beside the live one's."""

Playing = Callable[[list[Play], Options, Observer, asyncio.Event], Awaitable[Result]]


class SshClient(StrEnum):
    """What the users of scenarios connect with."""

    ASYNCSSH = "asyncssh"
    OPENSSH = "openssh"


class World(StrEnum):
    """Where scenarios are played."""

    LIVE = "live"
    SIM = "sim"
    BOTH = "both"


def run(
    selection: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SELECT]...",
            help="Scenario IDs, folders, shell patterns, or scenario files; 'matrix' is the "
            "generated matrix, 'all' both. None: the library.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            help="How many scenarios are played at once."
            f" [default: {DEFAULT_JOBS}; with --target that of its check]",
        ),
    ] = None,
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
    world: Annotated[
        World,
        typer.Option(
            "--world",
            help="Play on real parts, in virtual time, or both, and compare what came of it.",
        ),
    ] = World.LIVE,
    ssh_client: Annotated[
        SshClient | None,
        typer.Option(
            "--ssh-client",
            help="What users connect with, in the live world: asyncssh, or 'ssh' on PATH. "
            "[default: as each scenario has it]",
        ),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option(
            "--target",
            metavar="PROFILE",
            help="Play against the target of this profile, as 'recspec check' does.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print results.json, and only it, on stdout.")
    ] = False,
) -> None:
    """Play scenarios on real parts, break them on purpose, and judge what happened.

    Ends with 0 when everything conforms, 1 when something does not, 2 for wrong usage, 3 when
    the rig failed and nothing that was checked failed, or when the two worlds differ.

    With '--world sim' what cannot be played in virtual time is skipped, with the reason. With
    '--world both' the folder holds the live results, the simulated ones in 'sim', and what differs
    in 'agreement.json'.

    With '--ssh-client openssh' users are OpenSSH's own 'ssh', a process each: what they show is
    seen later than it arrived, so that nothing was shown too early cannot be told, and is skipped.

    Example: recspec run failover --jobs 8 --out /tmp/results
    """
    if target is not None:
        unfit = {
            "--speed": speed != 1,
            "--seed": bool(seed),
            "--mutant": mutant is not None,
            "--world": world is not World.LIVE,
            "--ssh-client": ssh_client is not None,
        }
        words = selection or []
        check_target(target, words, jobs=jobs, out=out, as_json=as_json, unfit=unfit)
    jobs = DEFAULT_JOBS if jobs is None else jobs
    found = [_with_client(scenario, ssh_client) for scenario in scenarios_of(selection or [])]
    plays = [Play(scenario, _mutant(mutant)) for scenario in found]
    if ssh_client is SshClient.OPENSSH and world is not World.SIM and (why := missing_openssh()):
        fail(ExitStatus.INCONCLUSIVE, f"--ssh-client openssh: {why}")
    options = Options(jobs=jobs, seed=seed, speed=speed, version=__version__)
    if mutant is not None:
        # Nobody may take the results of a defect for those of the reference parts.
        options = msgspec.structs.replace(options, target=f"reference with {mutant}")
    console = Console(stderr=True)
    with results_folder(out) as folder:
        if world is World.BOTH:
            status = _both(plays, options, folder, as_json=as_json)
        else:
            result = _played(plays, options, console, play if world is World.LIVE else simulate)
            status, page = _written(plays, result, folder, console)
            if as_json:
                sys.stdout.buffer.write(results_json(result.run))
                sys.stdout.buffer.flush()
            print_summary(result.run, Console(stderr=as_json), page)
    raise typer.Exit(status)


def _both(plays: list[Play], options: Options, folder: Path, *, as_json: bool) -> int:
    """Play in both worlds, write all that came of it, and tell where they differ."""
    console, told = Console(stderr=True), Console(stderr=as_json)
    simulated = _played(plays, options, console, simulate)
    live = _played(plays, options, console, play)
    agreed = agreement(plays, live, simulated)
    sim_status, _ = _written(plays, simulated, folder / SIMULATED, console)
    more = {AGREEMENT: agreement_json(agreed)}
    status, page = _written(plays, live, folder, console, more)
    if as_json:
        both = {
            "live": msgspec.Raw(results_json(live.run)),
            "sim": msgspec.Raw(results_json(simulated.run)),
            "agreement": agreed,
        }
        sys.stdout.buffer.write(msgspec.json.encode(both) + b"\n")
        sys.stdout.buffer.flush()
    print_summary(simulated.run, told)
    print_summary(live.run, told, page)
    print_agreement(agreed, told)
    if ExitStatus.NOT_CONFORMANT in (status, sim_status):
        return ExitStatus.NOT_CONFORMANT
    return status or sim_status or (ExitStatus.INCONCLUSIVE if agreed.differences else status)


def _played(
    plays: list[Play], options: Options, console: Console, playing: Playing = play
) -> Result:
    with Progress(len(plays), console) as progress:
        return asyncio.run(play_until_stopped(plays, options, progress, playing))


def _written(
    plays: list[Play],
    result: Result,
    folder: Path,
    console: Console,
    more: dict[str, bytes] | None = None,
) -> tuple[int, Path | None]:
    """Write a run's folder; returns the exit status and the path of its page."""
    status: int = exit_status(result.run)
    histories = dict(zip((item.scenario.id for item in plays), result.histories, strict=True))
    try:
        return status, write_reports(result.run, histories, folder, more=more or {})
    except ReportError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return status or ExitStatus.INCONCLUSIVE, None


async def play_until_stopped(
    plays: list[Play], options: Options, observer: Observer, playing: Playing = play
) -> Result:
    """Play until all is over, or SIGINT or SIGTERM asks to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await playing(plays, options, observer, stop)


def scenarios_of(selection: list[str]) -> list[Scenario]:
    """Return what was selected, scenarios by name and files by path, or end the command."""
    faults = frozenset(vocabulary())
    files = [name for name in selection if name.endswith((".yaml", ".yml"))]
    names = [name for name in selection if name not in files]
    try:
        found = {name: load(Path(name), faults) for name in files}
        if names or not files:
            found |= selected(names, faults)
    except (UnreadableScenarioError, UnknownScenarioError) as error:
        fail(ExitStatus.USAGE, str(error))
    return list(found.values())


def _with_client(scenario: Scenario, client: SshClient | None) -> Scenario:
    """Have all users of a scenario connect with this client, if one was asked for."""
    if client is None:
        return scenario
    named = "openssh" if client is SshClient.OPENSSH else ""
    sessions = tuple(
        msgspec.structs.replace(session, client=named) for session in scenario.sessions
    )
    return msgspec.structs.replace(scenario, sessions=sessions)


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
    with held_folder(out) as folder:
        if (folder / RESULTS).exists() or (folder / PAGE).exists():
            fail(
                ExitStatus.USAGE,
                f"--out {folder}: holds the results of an earlier run; give a new folder",
            )
        yield folder
