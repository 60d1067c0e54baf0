"""``recspec check client``: play the scenarios against a client or an SSH server, and judge it."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import msgspec
import typer
from rich.console import Console

from conformance.driver import Can
from conformance.judgement import ExitStatus, Status, exit_status
from conformance.scenario import Scenario
from fixtures.drivers.greeting import DriverError, Greeted, command_of, greeted
from fixtures.nursery import NurseryGone
from fixtures.profile_templates import client_template
from fixtures.profiles import Profile, ProfileError, read_profile
from fixtures.served import try_login
from fixtures.target import TargetError
from recspec import __version__
from recspec.new_file import write_new
from recspec.run import play_until_stopped, results_folder, scenarios_of
from recspec.serving import fail
from recspec.streaming import Listed, Listing, Stream, Streamed, print_listing
from reports.results import results_json
from reports.terminal import Progress, print_summary
from reports.write import ReportError, write_reports
from scenarios.aims import aims_of_client, aims_of_server
from scenarios.engine import Options, Play
from scenarios.matrix import MATRIX
from scenarios.selection import ALL

LIBRARY = "library"
"""What all scenarios belong to that are not of the matrix."""
JOBS = 32
"""Scenarios that are played at once: beside the parts of each runs a driver."""


def check_client(
    profile: Annotated[
        Path, typer.Argument(metavar="PROFILE", help="The target's profile (a TOML file).")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="NAME", help="Scenarios, folders, patterns or files to play."
        ),
    ] = None,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Play the generated matrix, too.")
    ] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="How many scenarios are played at once.")
    ] = JOBS,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A new folder for the results. [default: one by the time]"),
    ] = None,
    init: Annotated[
        Literal["client", "ssh-server"] | None,
        typer.Option("--init", help="Write a commented profile for this role to PROFILE instead."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print results.json, and only it, on stdout.")
    ] = False,
    listed: Listed = False,
    streamed: Streamed = False,
) -> None:
    """Put a recorder client or an SSH server through the scenarios, and say what it breaks, if any.

    A client is driven by a program that speaks the driver protocol (docs/driver-protocol.md). An
    SSH server is started with its action as a file, and judged from outside (docs/servers.md).
    Ends with 0 when it is conformant, 1 when it is not, 2 for wrong usage, 3 when its driver or the
    server could not be started, or nothing could be checked.

    Example: recspec check client fixtures/targets/upstream-client.toml --only failover

    A profile to start from: recspec check client my-server.toml --init ssh-server
    """
    if init is not None:
        _init(profile, init)
    target = _profile(profile)
    scenarios = _chosen(only or [], matrix=matrix)
    if listed:
        print_listing(_listing(scenario, target.role) for scenario in scenarios)
        raise typer.Exit(ExitStatus.CONFORMANT)
    if streamed and as_json:
        fail(ExitStatus.USAGE, "--stream and --json both print on stdout; give one of them")
    console = Console(stderr=True)
    options = Options(jobs=jobs, target=target.name, version=__version__)
    if target.role == "client":
        client = _greeted(target)
        _introduce(client, console)
        options = msgspec.structs.replace(options, driver=client.command)
    else:
        _tried(target)
        options = msgspec.structs.replace(options, served=target)
    with results_folder(out) as folder:
        with Progress(len(scenarios), console) as progress:
            stream = Stream(progress, folder, len(scenarios)) if streamed else None
            plays = [Play(scenario) for scenario in scenarios]
            result = asyncio.run(play_until_stopped(plays, options, stream or progress))
        status = exit_status(result.run)
        played = zip(scenarios, result.histories, strict=True)
        histories = {scenario.id: history for scenario, history in played if history}
        try:
            page: Path | None = write_reports(result.run, histories, folder)
        except ReportError as error:
            page = None
            console.print(str(error), markup=False, soft_wrap=True)
            status = status or ExitStatus.INCONCLUSIVE
    if as_json:
        sys.stdout.buffer.write(results_json(result.run))
        sys.stdout.buffer.flush()
    print_summary(result.run, Console(stderr=as_json or streamed), page)
    if stream is not None:
        counts = Counter(judgement.status.value for judgement in result.run.results)
        told = ", ".join(f"{counts[known]} {known}" for known in Status)
        stream.ended(status, page, [f"{target.name}: {told}"])
    raise typer.Exit(status)


def _init(path: Path, role: Literal["client", "ssh-server"]) -> NoReturn:
    """Write a profile to start from, and end the command."""
    try:
        text = client_template(role, str(path), name=path.stem)
    except ProfileError as error:
        fail(ExitStatus.USAGE, str(error))
    write_new(path, text.encode())
    typer.echo(f"{path} is written; 'recspec check client {path}' checks by it")
    raise typer.Exit(ExitStatus.CONFORMANT)


def _profile(path: Path) -> Profile:
    try:
        profile = read_profile(path)
    except ProfileError as error:
        fail(ExitStatus.USAGE, str(error))
    if profile.role == "recorder":
        fail(
            ExitStatus.USAGE,
            f"{path}: role: 'recorder'; this command checks clients and SSH servers, and"
            " 'recspec check recorder' recorders",
        )
    return profile


def _chosen(only: list[str], *, matrix: bool) -> list[Scenario]:
    """Return the scenarios that are asked for: the library, the matrix, or parts of them."""
    names = [*only, *([MATRIX] if matrix and only else [])]
    if matrix and not only:
        names = [ALL]
    return scenarios_of(names)


def _listing(scenario: Scenario, role: str) -> Listing:
    return Listing(
        id=scenario.id,
        title=scenario.title,
        level=MATRIX if scenario.id.startswith(f"{MATRIX}/") else LIBRARY,
        clauses=aims_of_client(scenario) if role == "client" else aims_of_server(scenario),
    )


def _greeted(profile: Profile) -> Greeted:
    """Start the driver once, to hear what it can do; ends the command when that fails."""
    try:
        command = command_of(profile, lambda line: typer.echo(line, err=True))
        return asyncio.run(greeted(command))
    except DriverError as error:
        fail(ExitStatus.INCONCLUSIVE, f"recspec check client: {error}")
    except KeyboardInterrupt:
        fail(
            ExitStatus.INCONCLUSIVE, "recspec check client: interrupted before anything was played"
        )


def _tried(profile: Profile) -> None:
    """Start the server once, and log in; ends the command when that fails."""
    try:
        asyncio.run(try_login(profile))
    except (TargetError, NurseryGone) as error:
        fail(ExitStatus.INCONCLUSIVE, f"recspec check client: {error}")
    except KeyboardInterrupt:
        fail(
            ExitStatus.INCONCLUSIVE, "recspec check client: interrupted before anything was played"
        )


def _introduce(client: Greeted, console: Console) -> None:
    lacks = [ability.value for ability in Can if ability not in client.command.can]
    cannot = f"; it cannot: {', '.join(lacks)}" if lacks else ""
    named = " ".join(filter(None, (client.name, client.version)))
    console.print(f"{named}{cannot}", markup=False, highlight=False, soft_wrap=True)
