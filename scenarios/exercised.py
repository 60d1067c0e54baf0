"""Which clauses each scenario of the library exercises: an index made from a real run.

It is data, `exercised.json` beside this file, and is made anew from a run's results whenever the
library or the set of checked clauses has changed (`stale` says so, and a test asks):

    recspec run --out DIR
    python -m scenarios.exercised DIR/results.json

The run must be of the whole library, in real time, on the reference parts, and without a failure:
only then were all clauses looked at that can be.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from conformance.checking import RIG, checkers
from conformance.clauses import CATALOGUE
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from scenarios.reader import library, to_yaml

INDEX = Path(__file__).parent / "exercised.json"

REGENERATE = "recspec run --out DIR && python -m scenarios.exercised DIR/results.json"


class Played(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one scenario: which it was, and the clauses that were checked in it."""

    digest: str
    clauses: str
    """Areas with the numbers, runs of numbers as FROM-TO: ``choose 1-4 6, v2 1-2``."""


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole index; `checked` are the clauses that any checker named when it was made."""

    checked: str
    scenarios: dict[str, Played]


class _Result(msgspec.Struct):
    id: str
    status: str
    clauses: list[str]


class _Results(msgspec.Struct):
    """As much of results.json as is needed here."""

    target: str
    world: str
    speed: int
    results: list[_Result]


class UnfitError(ValueError):
    """A run from which no index can be made; the message says why."""


def read() -> Index:
    """Read the index."""
    return msgspec.json.decode(INDEX.read_bytes(), type=Index)


def exercising(clause: str, index: Index | None = None) -> tuple[str, ...]:
    """Return the scenarios in which a clause is checked, in the order of the library."""
    scenarios = (index or read()).scenarios
    return tuple(name for name, played in scenarios.items() if clause in unfold(played.clauses))


def stale(scenarios: Mapping[str, Scenario], index: Index | None = None) -> tuple[str, ...]:
    """Say in what the index no longer fits the library and the checkers; nothing when it does."""
    index = index or read()
    found = [f"{name} is not in it" for name in scenarios if name not in index.scenarios]
    for name, played in index.scenarios.items():
        if name not in scenarios:
            found.append(f"{name} is no longer in the library")
        elif digest(scenarios[name]) != played.digest:
            found.append(f"{name} has changed")
    before, now = set(unfold(index.checked)), set(unfold(checked()))
    found += [f"{clause} was not checked then" for clause in sorted(now - before)]
    found += [f"{clause} is no longer checked" for clause in sorted(before - now)]
    return tuple(found)


def digest(scenario: Scenario) -> str:
    """Return the digest of what is played; titles and descriptions do not count."""
    plain = msgspec.structs.replace(scenario, title="", about="")
    return hashlib.sha256(to_yaml(plain).encode()).hexdigest()[:16]


def checked() -> str:
    """Return the clauses that some checker names, folded."""
    return fold(clause for _, clauses in checkers() for clause in clauses if clause != RIG)


def fold(clauses: Iterable[str]) -> str:
    """Write clause IDs short: by area in the catalogue's order, runs of numbers as FROM-TO."""
    numbers: dict[str, list[int]] = {}
    wanted = set(clauses)
    for clause in CATALOGUE.values():
        if clause.id in wanted:
            numbers.setdefault(clause.area, []).append(clause.number)
    return ", ".join(f"{area} {_runs(found)}" for area, found in numbers.items())


def _runs(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return " ".join("-".join(map(str, run)) for run in runs)


def unfold(folded: str) -> tuple[str, ...]:
    """Return the clause IDs that `fold` wrote."""
    found = []
    for part in folded.split(", ") if folded else ():
        area, *runs = part.split(" ")
        for run in runs:
            first, _, last = run.partition("-")
            found += [f"{area}-{number}" for number in range(int(first), int(last or first) + 1)]
    return tuple(found)


def make(results: bytes, scenarios: Mapping[str, Scenario]) -> Index:
    """Make the index from a run's results.json; UnfitError when the run will not do."""
    try:
        run = msgspec.json.decode(results, type=_Results)
    except msgspec.MsgspecError as error:
        raise UnfitError(f"not the results of a run: {error}") from None
    if (run.target, run.world, run.speed) != ("reference", "live", 1):
        raise UnfitError("the run must be live, in real time, on the reference parts")
    bad = [result.id for result in run.results if result.status != "pass"]
    if bad:
        raise UnfitError(f"these did not pass: {', '.join(bad)}")
    played = {result.id: fold(result.clauses) for result in run.results}
    missing = [name for name in scenarios if name not in played]
    if missing:
        raise UnfitError(f"these were not played: {', '.join(missing)}")
    return Index(
        checked=checked(),
        scenarios={
            name: Played(digest(scenario), played[name]) for name, scenario in scenarios.items()
        },
    )


def main(arguments: list[str]) -> int:
    """Write the index from the results.json that is named; return the exit status."""
    if len(arguments) != 1:
        sys.stderr.write(f"usage: {REGENERATE}\n")
        return 2
    try:
        index = make(Path(arguments[0]).read_bytes(), library(frozenset(vocabulary())))
    except (OSError, UnfitError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        sys.stderr.write(f"{arguments[0]}: {why}\n")
        return 2
    INDEX.write_bytes(msgspec.json.format(msgspec.json.encode(index), indent=1) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
