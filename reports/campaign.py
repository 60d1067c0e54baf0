"""A campaign's figures: as ``figures.json``, as a Markdown table, and on screen.

Each figure stands with its 95 % confidence interval, one column for each variant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.figures import Figure, Varied
from reports.visible import one_line

SCHEMA = "1"
FIGURES = "figures.json"
TABLES = "figures.md"
_LARGE = 1000.0
_NONE = "none"
"""Where there is no figure."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A whole campaign. Nothing in it depends on when, where and by how many it was played."""

    schema: str = SCHEMA
    tool: str = "recspec"
    version: str
    plan: dict[str, Any]
    """The plan as it is, before anything is varied; durations in nanoseconds."""
    seeds: tuple[int, int]
    """First and last."""
    variants: tuple[Varied, ...]


def figures_json(campaign: Campaign) -> bytes:
    """Encode it as ``figures.json``."""
    return msgspec.json.format(msgspec.json.encode(campaign), indent=2) + b"\n"


def sweeps(campaign: Campaign) -> dict[str, list[Varied]]:
    """Return the variants by the key that they vary, in their order."""
    found: dict[str, list[Varied]] = {}
    for variant in campaign.variants:
        found.setdefault(variant.key, []).append(variant)
    return found


def number(value: float | None) -> str:
    """Write a figure with four digits, or all before the point if there are more."""
    if value is None:
        return _NONE
    return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.4g}"


def title(figure: Figure) -> str:
    """Return what a figure is called, with its part and its unit."""
    name = f"{figure.name}, {figure.of}" if figure.of else figure.name
    return one_line(f"{name} [{figure.unit}]" if figure.unit else name)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return _NONE
    known = figure.low is not None and figure.high is not None
    interval = f"{number(figure.low)} to {number(figure.high)}" if known else ""
    said = "; ".join(filter(None, (interval, one_line(figure.note))))
    return f"{number(figure.value)} ({said})" if said else number(figure.value)


def _rows(variants: Sequence[Varied]) -> Iterator[tuple[str, list[str]]]:
    """Give each figure's title and its cells, one for each variant."""
    by_title = [{title(one): one for one in variant.found.figures} for variant in variants]
    for name in dict.fromkeys(name for titles in by_title for name in titles):
        yield name, [_cell(titles.get(name)) for titles in by_title]


def _heads(key: str, variants: Sequence[Varied]) -> list[str]:
    return [one_line(f"{key} = {variant.value}") if key else "value" for variant in variants]


# --- Markdown -------------------------------------------------------------------------------------


def figures_markdown(campaign: Campaign) -> str:
    """Return the tables as a page of Markdown, one for each key that was varied."""
    first, last = campaign.seeds
    lines = [
        f"# {_escaped(one_line(str(campaign.plan.get('name', 'campaign'))))}",
        "",
        f"Seeds {first} to {last}; in parentheses the 95 % confidence interval.",
    ]
    for key, variants in sweeps(campaign).items():
        heads = _heads(key, variants)
        lines += ["", f"| figure | {' | '.join(map(_escaped, heads))} |"]
        lines.append(f"|---|{'---:|' * len(heads)}")
        for name, cells in _rows(variants):
            lines.append(f"| {_escaped(name)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return "".join(f"\\{mark}" if mark in r"\|*_`<>[]" else mark for mark in text)


# --- the screen -----------------------------------------------------------------------------------


def print_campaign(campaign: Campaign, console: Console) -> None:
    """Print tables on a terminal, and a line for each figure elsewhere.

    What never happened in any variant is named at the end, all in one line.
    """
    for key, variants in sweeps(campaign).items():
        heads = _heads(key, variants)
        happened = {title(f) for v in variants for f in v.found.figures if f.value or f.high}
        rows = [(name, cells) for name, cells in _rows(variants) if name in happened]
        if console.is_terminal:
            console.print(_table(heads, rows))
        else:
            for name, cells in rows:
                for head, cell in zip(heads, cells, strict=True):
                    _line(console, f"{head}: {name}: {cell}" if key else f"{name}: {cell}")
        never = [name for name, _ in _rows(variants) if name not in happened]
        if never:
            _line(console, f"never seen: {'; '.join(never)}")


def _table(heads: Sequence[str], rows: Sequence[tuple[str, list[str]]]) -> Table:
    table = Table(highlight=False)
    table.add_column("figure", overflow="fold")
    for head in heads:
        table.add_column(Text(head), justify="right", overflow="fold")
    for name, cells in rows:
        table.add_row(Text(name), *map(Text, cells))
    return table


def _line(console: Console, said: str) -> None:
    console.print(said, markup=False, highlight=False, soft_wrap=True)
