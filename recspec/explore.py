"""``recspec explore``: every order of events and every placement of faults within bounds."""

from __future__ import annotations

import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from conformance.judgement import ExitStatus
from conformance.machine import TRANSITIONS
from recspec.serving import fail
from scenarios.reader import to_yaml
from simulator.explore.as_scenario import Written, write
from simulator.explore.bounds import ACTIONS, VERSIONS, Bounds, BoundsError
from simulator.explore.exploration import Explored, Shown, explore
from simulator.explore.schedule import text
from simulator.explore.search import MOST_STATES
from simulator.explore.world import seconds
from simulator.overlay import Overlay, mutants

PART = "client"
WIDTH = 100
_EACH_S = 1.0
_DEFAULTS = Bounds()


def explore_command(
    recorders: Annotated[
        int, typer.Option("--recorders", help="Recorders that the policy names.")
    ] = _DEFAULTS.recorders,
    faults: Annotated[
        int, typer.Option("--faults", help="Departures of recorders, wherever they fall.")
    ] = _DEFAULTS.faults,
    versions: Annotated[
        str, typer.Option("--versions", help="What recorders may speak, each on its own.")
    ] = ",".join(VERSIONS),
    outputs: Annotated[
        int, typer.Option("--outputs", help="Outputs of the command.")
    ] = _DEFAULTS.outputs,
    leaves: Annotated[
        bool, typer.Option("--leaves/--stays", help="Whether the user may leave at any moment.")
    ] = _DEFAULTS.leaves,
    on_failure: Annotated[
        str, typer.Option("--on-failure", help="Failure actions: which messages are set.")
    ] = ",".join(ACTIONS),
    notify: Annotated[
        str, typer.Option("--notify", help="Whether notices are wanted: yes, no, or both of them.")
    ] = "yes,no",
    instants: Annotated[
        int, typer.Option("--instants", help="Instants in 5 s at which things may happen.")
    ] = _DEFAULTS.instants,
    most_states: Annotated[
        int, typer.Option("--most-states", min=1, help="Give up beyond so many states.")
    ] = MOST_STATES,
    mutant: Annotated[
        str | None, typer.Option("--mutant", help="Explore with this defect of the client.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="A folder: what breaks a property goes there as a scenario."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, and only it, on stdout.")
    ] = False,
) -> None:
    """Explore all that one session can go through: no sampling, no waiting.

    Ends with 0 when every property holds everywhere within the bounds, 1 when one does not, 2 for
    wrong usage, 3 when it was stopped or there are too many states, and nothing was found.

    Example: recspec explore --recorders 3 --faults 2 --versions v1,v2 --save /tmp/found
    """
    overlay = _overlay(mutant)
    bounds = Bounds(
        recorders=recorders,
        versions=_words(versions),
        outputs=outputs,
        faults=faults,
        leaves=leaves,
        actions=_words(on_failure),
        notify=_yes_or_no(notify),
        instants=instants,
    )
    try:
        bounds.check()
    except BoundsError as error:
        fail(ExitStatus.USAGE, f"recspec explore: {error}")
    if save is not None:
        _make(save)
    started = time.monotonic()
    with _progress() as stop:
        explored = explore(bounds, overlay, most_states=most_states, stop=stop)
    saved = [_save(save, shown, bounds, mutant) for shown in explored.violations] if save else []
    if as_json:
        data = {
            "mutant": mutant or "",
            **explored.as_data(),
            "saved": [str(path) for path in saved],
        }
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(data)) + b"\n")
        sys.stdout.buffer.flush()
    else:
        typer.echo("\n".join(_told(explored, saved)))
    typer.echo(f"explored in {time.monotonic() - started:.1f} s", err=True)
    if explored.violations:
        raise typer.Exit(ExitStatus.NOT_CONFORMANT)
    raise typer.Exit(ExitStatus.CONFORMANT if explored.complete else ExitStatus.INCONCLUSIVE)


def _overlay(name: str | None) -> Overlay:
    if name is None:
        return Overlay()
    known = mutants()
    if name not in known:
        fail(
            ExitStatus.USAGE,
            f"recspec explore: no mutant is named {name!r}; 'recspec list mutants' names them all",
        )
    if known[name].part != PART:
        ours = ", ".join(mutant.name for mutant in known.values() if mutant.part == PART)
        fail(
            ExitStatus.USAGE,
            f"recspec explore: {name} is a mutant of the {known[name].part}, and only the client is"
            f" explored; there are: {ours}",
        )
    return Overlay(known[name])


def _words(given: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in given.split(",") if word.strip())


def _yes_or_no(given: str) -> tuple[bool, ...]:
    words = _words(given)
    if not words or set(words) - {"yes", "no"} or len(set(words)) < len(words):
        fail(ExitStatus.USAGE, f"recspec explore: notify {given!r}: write yes, no, or yes,no")
    return tuple(word == "yes" for word in words)


class _Progress:
    """Says on stderr how far it is, about once a second; Ctrl-C ends the search."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lively = console.is_terminal
        self._next = time.monotonic() + _EACH_S
        self.asked = False
        self.status = console.status("exploring") if self._lively else None

    def __call__(self, states: int, depth: int) -> bool:
        """Tell the states and the depth so far; true when somebody wants it to end."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EACH_S
            said = f"exploring: {states} states, {depth} moves deep"
            if self.status is not None:
                self.status.update(said)
            else:
                self._console.print(said, highlight=False)
        return self.asked


@contextmanager
def _progress() -> Iterator[_Progress]:
    progress = _Progress(Console(stderr=True))

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        progress.asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    if progress.status is not None:
        progress.status.start()
    try:
        yield progress
    finally:
        if progress.status is not None:
            progress.status.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


# --- what is told ---------------------------------------------------------------------------------


def _told(explored: Explored, saved: list[Path]) -> Iterator[str]:
    bounds = explored.bounds
    yield from _wrapped(
        f"bounds: recorders {bounds.recorders} ({' or '.join(bounds.versions)}), faults"
        f" {bounds.faults}, outputs {bounds.outputs}, any number of acks, the user"
        f" {'may leave' if bounds.leaves else 'stays'}, failure actions"
        f" {', '.join(bounds.actions)}; events every {seconds(bounds.tick)} s, in every order"
    )
    how = "complete" if explored.complete else "not complete: it was stopped, or hit --most-states"
    yield (
        f"{how}: {explored.states} states, {explored.transitions} transitions,"
        f" {explored.depth} moves deep, {explored.ends} ends"
    )
    missing = "; never: " + ", ".join(f"{a} -> {b}" for a, b in explored.missing)
    yield from _wrapped(
        f"arrows of the table: {len(explored.taken)} of {len(TRANSITIONS)}"
        + (missing if explored.missing else "")
    )
    counts = ", ".join(f"{state} {count}" for state, count in explored.visited.items())
    yield from _wrapped(f"states that wait or end in: {counts}")
    if not explored.violations:
        yield "every property holds" + ("" if explored.complete else " so far")
    for shown in explored.violations:
        yield ""
        yield f"{shown.rule}: {shown.message}"
        yield from _wrapped(shown.says, "    ")
        yield "    a shortest schedule:"
        for line in shown.schedule:
            yield from _wrapped(text(line), "    ", " " * 15)
    for path in saved:
        yield f"saved: {path}"


def _wrapped(said: str, indent: str = "", more: str = "  ") -> list[str]:
    return textwrap.wrap(
        said,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + more,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


# --- scenarios ------------------------------------------------------------------------------------


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        fail(ExitStatus.USAGE, f"recspec explore: --save {folder}: not a folder")
    except OSError as error:
        fail(ExitStatus.INCONCLUSIVE, f"recspec explore: --save {folder}: {error.strerror}")


def _save(folder: Path, shown: Shown, bounds: Bounds, mutant: str | None) -> Path:
    written = write(f"Found by exploration: {shown.message}", shown.played, bounds)
    path = folder / f"{shown.rule}{f'-{mutant}' if mutant else ''}.yaml"
    try:
        path.write_text(file_text(shown, written), encoding="utf-8")
    except OSError as error:
        fail(ExitStatus.INCONCLUSIVE, f"recspec explore: {path}: {error.strerror}")
    return path


def file_text(shown: Shown, written: Written) -> str:
    """Return a scenario file: the schedule and what cannot be said as comments, then the rest."""
    said = [shown.says, f"Found: {shown.message}.", "", "The schedule:"]
    said += [f"  {text(line)}" for line in shown.schedule]
    said.append("")
    if written.unsaid:
        said.append("What a scenario cannot say, and this file does not:")
        said += [f"  {sentence}" for sentence in written.unsaid]
    else:
        said.append("The scenario says all of it.")
    return "".join(f"# {line}".rstrip() + "\n" for line in said) + to_yaml(written.scenario)
