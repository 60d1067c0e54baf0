"""The mutants as a page: which named defect breaks which clauses, and which clause has none.

It is generated, `docs/mutants.md`, and a test fails when it is stale:

    python -m scenarios.mutant_page docs/mutants.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance.cases import PREFIX
from conformance.clauses import AREAS, CATALOGUE, of_area
from simulator.overlay import Mutant, mutants

REGENERATE = "python -m scenarios.mutant_page docs/mutants.md"

_INTRO = f"""\
<!-- Generated from the mutants; do not edit. Make it anew: {REGENERATE} -->

# The mutants

{{count}} named defects of the reference parts, one of each kind that a check has to find. Every
mutant declares the exact set of clauses that it breaks, the main one first, and a test plays the
cases or scenarios that show it and demands that set, no more and no less. `recspec serve recorder
--mutant NAME` runs a recorder with the defect, `recspec run --mutant NAME` a scenario.
"""


def mutant_page() -> str:
    """Return the whole page as Markdown."""
    known = mutants()
    parts = {"recorder": "Recorders", "ssh-server": "SSH servers", "client": "Recorder clients",
             "driver": "Drivers", "event-client": "Event clients",
             "control": "Control planes"}  # fmt: skip
    lines = [_INTRO.format(count=len(known))]
    for part, title in parts.items():
        chosen = [mutant for mutant in known.values() if mutant.part == part]
        if chosen:
            lines += [f"## {title}: {len(chosen)}", "", *_mutants(chosen), ""]
    lines += ["## By clause", "", *_by_clause(known.values())]
    return "\n".join(lines) + "\n"


def _mutants(chosen: Iterable[Mutant]) -> Iterator[str]:
    yield "| mutant | what is wrong with it | breaks | shown by |"
    yield "|---|---|---|---|"
    for mutant in chosen:
        breaks = ", ".join(_linked(clause) for clause in mutant.breaks)
        shown = ", ".join(f"`{name.removeprefix(PREFIX)}`" for name in mutant.shown_by)
        yield f"| `{mutant.name}` | {_cell(mutant.summary)} | {breaks} | {shown} |"


def _by_clause(known: Iterable[Mutant]) -> Iterator[str]:
    by: dict[str, list[str]] = {}
    for mutant in known:
        for clause in mutant.breaks:
            mark = "**" if clause == mutant.breaks[0] else ""
            by.setdefault(clause, []).append(f"{mark}`{mutant.name}`{mark}")
    yield "A mutant in bold has the clause as its main one."
    for area, title in AREAS.items():
        yield from (
            "",
            f"### {title}",
            "",
            "| clause | level | binds | mutants |",
            "|---|---|---|---|",
        )
        for one in of_area(area):
            found = ", ".join(by.get(one.id, ())) or "none"
            yield f"| {_linked(one.id)} | {one.level} | {one.binds} | {found} |"


def _linked(clause: str) -> str:
    assert clause in CATALOGUE, clause
    return f"[{clause}](spec.md#{clause})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(mutant_page())
