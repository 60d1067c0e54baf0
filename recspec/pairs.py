"""``recspec pairs``: pairs and triples of faults, drawn, played, and shrunk where one fails."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console

from conformance.judgement import ExitStatus, Finding, Judgement, Status
from recspec import __version__
from recspec.serving import fail
from reports.terminal import Progress
from scenarios.engine import DEFAULT_JOBS, Options, Play
from scenarios.engine import play as engine_play
from scenarios.pairs import Plot, scenario
from scenarios.reader import to_yaml
from scenarios.simulated import played
from simulator.overlay import Mutant, mutants

if TYPE_CHECKING:
    from scenarios.pairs_search import Failure

EXAMPLES = {"sim": 1000, "live": 40}
SHRUNK = 3
"""Failures on real parts that are made simpler; a defect mostly fails many."""


class World(StrEnum):
    """Where pairs are played."""

    SIM = "sim"
    LIVE = "live"


def pairs(
    world: Annotated[
        World, typer.Option("--world", help="Play in virtual time, or on real parts.")
    ] = World.SIM,
    seed: Annotated[int, typer.Option("--seed", min=0, help="What is drawn.")] = 0,
    examples: Annotated[
        int | None,
        typer.Option(
            "--examples", min=1, help="How many are drawn. [default: 1000, or 40 on real parts]"
        ),
    ] = None,
    mutant: Annotated[
        str | None, typer.Option("--mutant", help="Play with this defect in a reference part.")
    ] = None,
    save: Annotated[
        Path, typer.Option("--save", help="The folder where a scenario that fails is written.")
    ] = Path(),
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="How many are played at once, on real parts.")
    ] = DEFAULT_JOBS,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, and only it, on stdout.")
    ] = False,
) -> None:
    """Draw pairs and triples of faults, on the recorders of one session, and play them.

    Faults, and what must come of them, are the matrix's. One that fails is made as simple as it can
    be, with two faults at least, and written out as a scenario that 'recspec run FILE' plays
    again. The same seed draws the same.

    Ends with 0 when all conform, 1 when one does not, 2 for wrong usage, 3 when it was interrupted
    or could not be played.

    Example: recspec pairs --world live --seed 7 --examples 40 --save found
    """
    search = _search()
    chosen = _mutant(mutant, world)
    count = examples or EXAMPLES[world]
    options = Options(seed=seed, jobs=jobs, version=__version__)
    began = time.monotonic()
    try:
        with _interruptible():
            if world is World.SIM:
                number, found = _in_virtual_time(search, count, options, chosen)
            else:
                number, found = asyncio.run(_on_real_parts(search, count, options, chosen))
    except KeyboardInterrupt:
        fail(ExitStatus.INCONCLUSIVE, "recspec pairs: interrupted, and nothing found so far")
    failures = [(failure, _save(save, failure, seed, mutant)) for failure in found]
    if as_json:
        sys.stdout.buffer.write(_json(world, seed, number, failures))
        sys.stdout.buffer.flush()
    else:
        typer.echo("\n".join(_told(number, failures)))
    typer.echo(f"played in {time.monotonic() - began:.1f} s", err=True)
    raise typer.Exit(_status(found))


def _search() -> Any:
    try:
        from scenarios import pairs_search  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        fail(
            ExitStatus.INCONCLUSIVE,
            "recspec pairs: hypothesis, which draws them, is not installed:"
            " pip install 'recspec[strategies]'",
        )
    return pairs_search


def _mutant(name: str | None, world: World) -> Mutant | None:
    if name is None:
        return None
    found = mutants().get(name)
    if found is None:
        why = f"no mutant is named {name!r}; 'recspec list mutants' names them all"
        fail(ExitStatus.USAGE, f"recspec pairs: {why}")
    if world is World.SIM and found.part != "client":
        why = f"{name} is a mutant of the {found.part}, which is live only: --world live"
        fail(ExitStatus.USAGE, f"recspec pairs: {why}")
    return found


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM interrupt like Ctrl-C."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _in_virtual_time(
    search: Any, count: int, options: Options, mutant: Mutant | None
) -> tuple[int, list[Failure]]:
    def play(plot: Plot) -> Judgement:
        return played(Play(scenario(plot), mutant), options)[0]

    number, failure = search.search(play, examples=count, number=options.seed)
    return number, [failure] if failure else []


async def _on_real_parts(
    search: Any, count: int, options: Options, mutant: Mutant | None
) -> tuple[int, list[Failure]]:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def play(plots: Sequence[Plot]) -> Sequence[Judgement]:
        plays = [Play(scenario(plot), mutant) for plot in plots]
        with Progress(len(plays), Console(stderr=True)) as progress:
            result = await engine_play(plays, options, progress, stop)
        if stop.is_set():
            raise KeyboardInterrupt
        return result.run.results

    drawn = search.draw(count, options.seed)
    judged = list(zip(drawn, await play(drawn), strict=True))
    failing = [one for one in judged if one[1].status in (Status.FAIL, Status.WARN)]
    found = [await search.shrunk(*failed, play) for failed in failing[:SHRUNK]]
    if not found:
        _unless_the_rig_failed([judgement for _, judgement in judged])
    return len(drawn), found


def _unless_the_rig_failed(judgements: Sequence[Judgement]) -> None:
    """End the command where nothing is known of something that was to be played."""
    for judgement in judgements:
        if judgement.status not in (Status.PASS, Status.SKIP):
            why = next((f.message for f in judgement.findings if f.status is Status.ERROR), "")
            lines = why.splitlines() or ["nothing is known of it"]
            fail(ExitStatus.INCONCLUSIVE, f"recspec pairs: {judgement.scenario}: {lines[-1]}")


# --- what comes of it -----------------------------------------------------------------------------


def _bad(failure: Failure) -> list[Finding]:
    bad = (Status.FAIL, Status.WARN, Status.ERROR)
    return [finding for finding in failure.judgement.findings if finding.status in bad]


def _status(found: Sequence[Failure]) -> ExitStatus:
    if any(f.judgement.status in (Status.FAIL, Status.WARN) for f in found):
        return ExitStatus.NOT_CONFORMANT
    return ExitStatus.INCONCLUSIVE if found else ExitStatus.CONFORMANT


def _save(folder: Path, failure: Failure, seed: int, mutant: str | None) -> Path:
    """Write the scenario that fails, under a temporary name first."""
    name = failure.plot.id.replace("/", "_")
    path = folder / f"{name}{f'_{mutant}' if mutant else ''}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8", delete=False) as file:
            file.write(file_text(failure, path.name, seed, mutant))
        Path(file.name).replace(path)
    except (FileExistsError, NotADirectoryError):
        fail(ExitStatus.USAGE, f"recspec pairs: --save {folder}: not a folder")
    except OSError as error:
        fail(ExitStatus.INCONCLUSIVE, f"recspec pairs: --save {folder}: {error.strerror}")
    return path


def file_text(failure: Failure, name: str, seed: int, mutant: str | None) -> str:
    """Return the scenario file: how it was found as comments, then the scenario."""
    said = [f"Found by recspec pairs with seed {seed}, and made as simple as it could be."]
    if failure.drawn is not None and failure.drawn != failure.plot:
        said.append(f"Drawn as: {failure.drawn.id}")
    said += [f"{finding.status} {finding.clause}: {finding.message}" for finding in _bad(failure)]
    with_mutant = f" --mutant {mutant}" if mutant else ""
    said += ["", f"Play it again: recspec run {name}{with_mutant}"]
    lines = [line for text in said for line in text.splitlines() or [""]]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines) + to_yaml(scenario(failure.plot))


def _told(number: int, failures: Sequence[tuple[Failure, Path]]) -> Iterator[str]:
    yield f"{number} pairs and triples of faults played: " + (
        f"{len(failures)} saved that fail" if failures else "all conform"
    )
    for failure, path in failures:
        yield ""
        yield failure.plot.id
        for finding in _bad(failure):
            yield f"    {finding.status} {finding.clause}: {finding.message}"
        yield f"    saved: {path}"


def _json(world: World, seed: int, number: int, failures: Sequence[tuple[Failure, Path]]) -> bytes:
    data = {
        "world": world,
        "seed": seed,
        "played": number,
        "failures": [
            {
                "id": failure.plot.id,
                "drawn": failure.drawn.id if failure.drawn else failure.plot.id,
                "status": failure.judgement.status,
                "findings": [
                    {"clause": finding.clause, "message": finding.message}
                    for finding in _bad(failure)
                ],
                "saved": str(path),
            }
            for failure, path in failures
        ],
    }
    return msgspec.json.format(msgspec.json.encode(data)) + b"\n"
