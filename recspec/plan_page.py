"""The page of all keys of a campaign's plan, out of the plan's own types: ``docs/plan.md``."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from simulator.campaign.plan import UNITS, Plan, keys

REGENERATE = "python -m recspec.plan_page docs/plan.md"
_HEAD = f"""\
<!-- Generated from the plan's types; do not edit. Make it anew: {REGENERATE} -->

# The keys of a campaign's plan

A plan is a TOML file; `recspec simulate --init plan.toml` writes one that explains itself. A table
or key that is left out keeps its default. A duration is a number with its unit, as `"90 s"`; units
are {", ".join(UNITS)}. Each key can be varied, written with a dot: `--vary recorders.count=1,2,3`.
"""


def plan_page() -> str:
    """Return the page."""
    plan = Plan()
    said = _said(Plan)
    tables = {key.partition(".")[0] for key in keys() if "." in key}
    lines = [_HEAD]
    lines += _table(
        {k: (getattr(plan, k), said.get(k, "")) for k in keys() if k not in _with(tables)}
    )
    for table in (name for name in Plan.__struct_fields__ if name in tables):
        kind = type(getattr(plan, table))
        words = said.get(table) or _sentence(inspect.getdoc(kind) or "")
        lines += [f"\n## `[{table}]`\n", f"{words}\n"]
        inner = {
            name: text for base in reversed(kind.__mro__) for name, text in _said(base).items()
        }
        values = getattr(plan, table)
        lines += _table(
            {name: (getattr(values, name), inner.get(name, "")) for name in kind.__struct_fields__},
            table,
        )
    return "\n".join(lines) + "\n"


def _with(tables: set[str]) -> set[str]:
    return {key for key in keys() if key.partition(".")[0] in tables}


def _table(rows: dict[str, tuple[Any, str]], table: str = "") -> list[str]:
    lines = ["| key | default | what it is |", "|---|---|---|"]
    for name, (default, said) in rows.items():
        is_duration = keys()[f"{table}.{name}" if table else name]
        shown = _duration(default) if is_duration else json_text(default)
        lines.append(f"| `{name}` | `{shown}` | {said} |")
    return lines


def _duration(nanoseconds: int) -> str:
    """Write a duration as in a plan, in the largest unit that it is whole in."""
    unit = max((u for u in UNITS if nanoseconds % UNITS[u] == 0), key=UNITS.__getitem__)
    return f'"{nanoseconds // UNITS[unit]} {unit}"' if nanoseconds else "0"


def _said(kind: type) -> dict[str, str]:
    """Return what the source says below each field."""
    if kind.__module__ != Plan.__module__:
        return {}
    (defined,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(defined, ast.ClassDef)
    found = {}
    for field, after in zip_longest(defined.body, defined.body[1:]):
        if not isinstance(field, ast.AnnAssign):
            continue
        assert isinstance(field.target, ast.Name)
        words = ast.literal_eval(after.value) if isinstance(after, ast.Expr) else ""
        hint = get_type_hints(kind)[field.target.id]
        if get_origin(hint) is Literal:
            words = f"{' or '.join(f'`{json_text(one)}`' for one in get_args(hint))}. {words}"
        found[field.target.id] = _sentence(words)
    return found


def json_text(value: object) -> str:
    """Write a value as in a plan."""
    return msgspec.json.encode(value).decode()


def _sentence(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page to the file that is named; returns the exit status."""
    if len(arguments) != 1:
        print(f"usage: {REGENERATE}", file=sys.stderr)  # noqa: T201
        return 2
    Path(arguments[0]).write_text(plan_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
