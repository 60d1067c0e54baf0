"""``recspec list …``: scenarios, cases, clauses, mutants and faults."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from conformance.cases import cases
from conformance.clauses import AREAS, CATALOGUE, Binds, Clause, Level
from conformance.judgement import ExitStatus
from fixtures.faults import vocabulary
from reports.visible import one_line
from scenarios.matrix import MATRIX
from scenarios.reader import UnreadableScenarioError
from scenarios.selection import chosen
from simulator.overlay import mutants

Json = Annotated[bool, typer.Option("--json", help="Print a JSON array on stdout.")]


def list_scenarios(
    matrix: Annotated[
        bool, typer.Option("--matrix", help="The generated matrix in place of the library.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the scenarios of the library, or of the matrix.

    Example: recspec list scenarios --json
    """
    try:
        found = chosen([MATRIX] if matrix else [], frozenset(vocabulary()))
    except UnreadableScenarioError as error:
        print(f"recspec list: {error}", file=sys.stderr)  # noqa: T201
        raise typer.Exit(ExitStatus.USAGE) from None
    _print(
        ("id", "title"),
        [{"id": name, "title": scenario.title} for name, scenario in found.items()],
        as_json=as_json,
    )


def list_clauses(
    area: Annotated[
        str | None, typer.Option("--area", help=f"Only this area: {', '.join(AREAS)}.")
    ] = None,
    level: Annotated[
        str | None, typer.Option("--level", help=f"Only this level: {', '.join(Level)}.")
    ] = None,
    binds: Annotated[
        str | None, typer.Option("--binds", help=f"Only what binds: {', '.join(Binds)}.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the clauses of the catalogue.

    Example: recspec list clauses --area acks --level MUST
    """
    area = _one_of("--area", area, AREAS)
    level = _one_of("--level", level, Level)
    binds = _one_of("--binds", binds, Binds)
    rows = [
        clause_row(clause)
        for clause in CATALOGUE.values()
        if area in (None, clause.area)
        and level in (None, clause.level)
        and binds in (None, clause.binds)
    ]
    _print(("id", "level", "binds", "text"), rows, as_json=as_json)


def clause_row(clause: Clause) -> dict[str, Any]:
    """Return a clause as it is printed as JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(clause)
    return {**plain, "area": clause.area, "decision_only": clause.decision_only}


def list_cases(as_json: Json = False) -> None:
    """List the cases that 'recspec check recorder' puts a recorder through.

    Example: recspec list cases
    """
    rows = [
        {
            "id": case.id,
            "level": case.level.value,
            "phase": case.phase.value,
            "needs": [need.value for need in case.needs],
            "title": case.title,
            "clauses": list(case.clauses),
        }
        for case in cases().values()
    ]
    _print(("id", "level", "title"), rows, as_json=as_json)


def list_mutants(as_json: Json = False) -> None:
    """List the named defects that prove that clauses can fail.

    Example: recspec list mutants
    """
    rows = [
        {
            "name": mutant.name,
            "part": mutant.part,
            "summary": mutant.summary,
            "breaks": list(mutant.breaks),
            "shown_by": list(mutant.shown_by),
        }
        for mutant in mutants().values()
    ]
    _print(("name", "part", "summary", "breaks"), rows, as_json=as_json)


def list_faults(as_json: Json = False) -> None:
    """List the faults that a scenario can inject.

    Example: recspec list faults
    """
    rows = [{"name": fault.name, "about": fault.about} for fault in vocabulary().values()]
    _print(("name", "about"), rows, as_json=as_json)


def _one_of(option: str, value: str | None, known: Iterable[str]) -> str | None:
    """Return the known value that is meant, whatever its case; end with 2 when there is none."""
    known = list(known)
    if value is None:
        return None
    for one in known:
        if one.lower() == value.lower():
            return str(one)
    said = f"{option}: '{one_line(value, 60)}' is not one of: {', '.join(known)}"
    print(f"recspec list clauses: {said}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(ExitStatus.USAGE)


def _print(columns: Sequence[str], rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
        return
    console = Console()
    table = Table(box=None, pad_edge=False)
    for index, column in enumerate(columns):
        # A name that is cut short or broken over two lines could not be copied.
        table.add_column(column, no_wrap=index == 0, overflow="fold", min_width=_least(index, rows))
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    console.print(table, markup=False)


def _least(index: int, rows: Sequence[dict[str, Any]]) -> int | None:
    """Return the width of the first column, which is never cut."""
    return (
        max((len(str(next(iter(row.values())))) for row in rows), default=0) if not index else None
    )


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
