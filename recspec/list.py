"""``recspec list …``: scenarios, clauses, mutants and faults."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from conformance.clauses import CATALOGUE
from conformance.judgement import ExitStatus
from fixtures.faults import vocabulary
from scenarios.reader import UnreadableScenarioError, library
from simulator.overlay import mutants

Json = Annotated[bool, typer.Option("--json", help="Print a JSON array on stdout.")]


def list_scenarios(as_json: Json = False) -> None:
    """List the scenarios of the library.

    Example: recspec list scenarios --json
    """
    try:
        found = library(frozenset(vocabulary()))
    except UnreadableScenarioError as error:
        print(f"recspec: {error}", file=sys.stderr)  # noqa: T201
        raise typer.Exit(ExitStatus.USAGE) from None
    _print(
        ("id", "title"),
        [{"id": name, "title": scenario.title} for name, scenario in found.items()],
        as_json=as_json,
    )


def list_clauses(
    area: Annotated[str, typer.Option("--area", help="Only this area, for example acks.")] = "",
    level: Annotated[str, typer.Option("--level", help="Only MUST, SHOULD or MAY.")] = "",
    binds: Annotated[str, typer.Option("--binds", help="Only those who bind this party.")] = "",
    as_json: Json = False,
) -> None:
    """List the clauses of the catalogue.

    Example: recspec list clauses --area acks --level MUST
    """
    rows = [
        msgspec.to_builtins(clause)
        for clause in CATALOGUE.values()
        if area in ("", clause.area)
        and level.upper() in ("", clause.level)
        and binds.lower() in ("", clause.binds.lower())
    ]
    _print(("id", "level", "binds", "text"), rows, as_json=as_json)


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


def _print(columns: Sequence[str], rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
        return
    console = Console()
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    console.print(table, markup=False)


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
