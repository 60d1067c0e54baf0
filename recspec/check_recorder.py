"""``recspec check recorder``: put a recorder through everything, and say what it breaks."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from conformance.cases import PREFIX, Case, Level, cases
from conformance.clauses import CATALOGUE
from conformance.judgement import ExitStatus, Run, exit_status
from conformance.levels import LevelVerdict, Verdict, verdicts
from fixtures.nursery import NurseryGone
from fixtures.peers.replay import TapeError, read_tape, replay
from fixtures.profile_templates import recorder_template
from fixtures.profiles import Profile, ProfileError, address_of, of_url, read_profile
from fixtures.rig import Rig
from fixtures.s3 import S3Gone
from fixtures.target import TargetError
from fixtures.vendor import probed, target_of
from recspec import __version__
from recspec.new_file import refuse_existing, write_new
from recspec.run import results_folder
from recspec.serving import fail
from recspec.streaming import Listed, Listing, Stream, Streamed, print_listing
from reports.names import tape_path
from reports.results import results_json
from reports.statement import statement, statement_files
from reports.terminal import Progress, print_summary
from reports.write import ReportError, write_reports
from scenarios.recorder.suite import Observer, Played, play_suite, run_of

TARGET_HELP = "http://HOST:PORT of a recorder that runs, or its profile (a TOML file)."


def check_recorder(
    target: Annotated[str, typer.Argument(metavar="TARGET", help=TARGET_HELP)],
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Cases or clauses to check; patterns allowed."),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", metavar="NAME", help="Cases or clauses to leave out."),
    ] = None,
    level: Annotated[
        list[Level] | None, typer.Option("--level", help="Check only what belongs to this level.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A new folder for the results. [default: one by the time]"),
    ] = None,
    init: Annotated[
        bool, typer.Option("--init", help="Write a commented profile instead: to TARGET, or by it.")
    ] = False,
    again: Annotated[
        Path | None,
        typer.Option("--replay", metavar="FILE", help="Send a tape of the wire again instead."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print results.json, and only it, on stdout.")
    ] = False,
    listed: Listed = False,
    streamed: Streamed = False,
) -> None:
    """Put a recorder through everything, and say which clauses it breaks, if any.

    Ends with 0 when it is conformant, 1 when it is not, 2 for wrong usage, 3 when it could not be
    reached or nothing could be checked.

    Example: recspec check recorder http://127.0.0.1:8080 --level core-v2
    """
    if init:
        _init(target)
    profile = _profile(target)
    if again is not None:
        _replay(again, profile)
    chosen = _chosen(only or [], skip or [], level or [])
    if listed:
        print_listing(map(_listing, chosen))
        raise typer.Exit(ExitStatus.CONFORMANT)
    if streamed and as_json:
        fail(ExitStatus.USAGE, "--stream and --json both print on stdout; give one of them")
    console = Console(stderr=True)
    with results_folder(out) as folder:
        with Progress(len(chosen), console) as progress:
            stream = Stream(progress, folder, len(chosen)) if streamed else None
            checked = asyncio.run(_check(profile, chosen, stream or progress))
        if isinstance(checked, str):
            fail(ExitStatus.INCONCLUSIVE, f"recspec check recorder: {checked}")
        run, played, has = checked
        levels = verdicts(run.results, has)
        status = exit_status(run)
        try:
            page: Path | None = _write(
                run, played, levels, folder, complete=not (only or skip or level)
            )
        except ReportError as error:
            page = None
            console.print(str(error), markup=False, soft_wrap=True)
            status = status or ExitStatus.INCONCLUSIVE
    if as_json:
        sys.stdout.buffer.write(results_json(run))
        sys.stdout.buffer.flush()
    told = Console(stderr=as_json or streamed)
    print_summary(run, told, page)
    _print_levels(levels, partial(told.print, markup=False, soft_wrap=True))
    if stream is not None:
        lines: list[str] = []
        _print_levels(levels, lines.append)
        stream.ended(status, page, lines)
    raise typer.Exit(status)


async def _check(
    profile: Profile, chosen: list[Case], observer: Observer
) -> tuple[Run, dict[str, Played], frozenset[str]] | str:
    """Play the cases; a text says why the target could not be checked at all."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    started, begun = datetime.now(UTC), time.monotonic()
    try:
        async with Rig.started(network=False) as rig:
            target = await target_of(profile, rig)
            try:
                played = await play_suite(chosen, target, rig, observer, stop)
            finally:
                await target.close()
    except (TargetError, NurseryGone, S3Gone) as error:
        return str(error)
    played = {name: _with_tape(one) for name, one in played.items()}
    took = time.monotonic() - begun
    run = run_of(played, target, version=__version__, started=started, took=took)
    return run, played, target.has


def _with_tape(one: Played) -> Played:
    """Name the tape among the artifacts, where there is one."""
    if not one.tape:
        return one
    path = tape_path(one.judgement.scenario)
    artifacts = (*one.judgement.artifacts, path)
    return msgspec.structs.replace(
        one, judgement=msgspec.structs.replace(one.judgement, artifacts=artifacts)
    )


def _write(
    run: Run,
    played: dict[str, Played],
    levels: dict[Level, LevelVerdict],
    folder: Path,
    *,
    complete: bool,
) -> Path:
    histories = {name: one.history for name, one in played.items() if one.history}
    tapes = {tape_path(name): one.tape for name, one in played.items() if one.tape}

    def seal(results: bytes) -> dict[str, bytes]:
        return statement_files(statement(run, levels, results, complete=complete))

    return write_reports(run, histories, folder, more=tapes, seal=seal)


def _print_levels(levels: dict[Level, LevelVerdict], say: Callable[[str], None]) -> None:
    """Tell level by level what was found out."""
    for level, found in levels.items():
        line = f"{level.value:9} {found.verdict.value}"
        if found.verdict in (Verdict.CONFORMANT, Verdict.NOT_CONFORMANT, Verdict.NOT_KNOWN):
            line += f": {len(found.checked)} clauses checked"
        if found.must_broken:
            line += f", MUST broken: {', '.join(found.must_broken)}"
        if found.should_broken:
            line += f", SHOULD broken: {', '.join(found.should_broken)}"
        if found.unknown:
            line += f", not known: {', '.join(found.unknown)}"
        say(line)


# --- what is checked ------------------------------------------------------------------------------


def _profile(target: str) -> Profile:
    try:
        if "://" in target:
            return of_url(target)
        profile = read_profile(Path(target))
    except ProfileError as error:
        fail(ExitStatus.USAGE, str(error))
    if profile.role != "recorder":
        fail(
            ExitStatus.USAGE,
            f"{target}: role: {profile.role!r}; this command checks recorders",
        )
    return profile


def _chosen(only: list[str], skip: list[str], levels: list[Level]) -> list[Case]:
    """Return the cases that are asked for; ends the command when a name fits nothing."""
    known = cases()
    for option, names in (("--only", only), ("--skip", skip)):
        for name in names:
            if not any(_named(case, name) for case in known.values()):
                fail(
                    ExitStatus.USAGE,
                    f"{option} {name}: no case and no clause that a case checks is named so;"
                    " 'recspec list cases' names them all",
                )
    chosen = [
        case
        for case in known.values()
        if (not only or any(_named(case, name) for name in only))
        and not any(_named(case, name) for name in skip)
        and (not levels or case.level in levels)
    ]
    if not chosen:
        fail(ExitStatus.USAGE, "nothing is left to be checked; ask for more or leave out less")
    return chosen


def _listing(case: Case) -> Listing:
    return Listing(id=case.id, title=case.title, level=case.level, clauses=case.clauses)


def _named(case: Case, name: str) -> bool:
    """Tell whether a case is meant by its ID, with or without prefix, a folder, or a clause."""
    short = case.id.removeprefix(PREFIX)
    whole = name.removeprefix(PREFIX).rstrip("/")
    return (
        fnmatchcase(short, whole)
        or short.startswith(f"{whole}/")
        or (name in CATALOGUE and name in case.clauses)
    )


# --- beside checking ------------------------------------------------------------------------------


def _init(target: str) -> None:
    """Write a profile: for a URL what probing finds, to a file a template."""
    try:
        path, text = _of_running(target) if "://" in target else _blank(target)
    except ProfileError as error:
        fail(ExitStatus.USAGE, str(error))
    write_new(path, text.encode())
    typer.echo(f"{path} is written; 'recspec check recorder {path}' checks by it")
    raise typer.Exit(ExitStatus.CONFORMANT)


def _blank(target: str) -> tuple[Path, str]:
    path = Path(target)
    return path, recorder_template(target, name=path.stem)


def _of_running(url: str) -> tuple[Path, str]:
    """Return a profile of a recorder that runs, and its file, after asking what it takes."""
    profile = _profile(url)
    host, port = address_of(profile.url)
    path = Path(f"{host.replace(':', '-')}-{port}.toml")
    refuse_existing(path)
    try:
        has = asyncio.run(probed(profile, host, port))
    except TargetError as error:
        fail(ExitStatus.INCONCLUSIVE, f"recspec check recorder: {error}")
    found = {name: name in has for name in ("v1", "v2", "events")}
    text = recorder_template(
        str(path), name=f"recorder at {host}", url=profile.url, capabilities=found
    )
    return path, text


def _replay(tape: Path, profile: Profile) -> None:
    """Send a tape again, and show what goes and comes."""
    if not profile.url:
        fail(ExitStatus.USAGE, "--replay needs a recorder that runs: give its URL")
    try:
        pieces = read_tape(tape)
        asyncio.run(replay(pieces, *address_of(profile.url), typer.echo))
    except TapeError as error:
        fail(ExitStatus.USAGE, f"--replay {error}")
    except (OSError, TimeoutError) as error:
        fail(ExitStatus.INCONCLUSIVE, f"recspec check recorder: {profile.url}: {error}")
    raise typer.Exit(ExitStatus.CONFORMANT)
