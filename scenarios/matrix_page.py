"""The matrix as a page: its axes, what is played of each fault, and the rules that leave out.

It is generated, `docs/matrix.md`, and a test fails when it is stale:

    python -m scenarios.matrix_page docs/matrix.md
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scenarios.matrix import combinations
from scenarios.matrix_axes import Combination, Moment, OnFailure, Protocol, Which
from scenarios.matrix_faults import FAULTS, MatrixFault, Outcome, Row, Struck
from scenarios.matrix_rules import RULES, left_out_by
from scenarios.pairs import CHOOSING_S

REGENERATE = "python -m scenarios.matrix_page docs/matrix.md"

_SIGNS = {
    Outcome.NOT_TAKEN: "next",
    Outcome.KEPT: "kept",
    Outcome.LOST: "lost",
    Outcome.LOST_AT_END: "lost at the end",
}

_INTRO = f"""\
<!-- Generated from the matrix; do not edit. Make it anew: {REGENERATE} -->

# The matrix

`recspec run matrix` plays {{count}} scenarios, each a combination of a fault, the moment at which
it strikes, the version of the protocol that the recorder speaks, what the failure action holds,
and which recorder of how many is struck. Recorders before it refuse, so that its turn comes. The
name of a scenario is its combination, and one is run alone by it:

    recspec run matrix/v2/reset/first-output/terminate/2-of-3
    recspec run 'matrix/*/goaway/*'
    recspec list scenarios --matrix

What must come of each, the path of states, the attempts, what the user sees, the exit status and
the notices, is derived from the protocol's text by a small function of its own
(`scenarios/matrix_oracle.py`), which asks neither the recorder client nor the transition table.
"""


_PAIRS = """\
## Pairs and triples

`recspec pairs` draws two or three of these faults by a seed, puts them on up to three recorders of
one session, lines that are slow, narrow or sliced beside other faults included, and plays each in
virtual time, or on real parts many at once. What must come of it follows from the same function:
recorders whose attempts fail are passed over, what becomes of the recording at the first other one
decides the rest, and those behind it are left alone. One that fails is shrunk, to a pair if a pair
shows it, and written out as a scenario file that fails again.

    recspec pairs --seed 7 --examples 5000
    recspec pairs --world live --seed 7 --examples 40 --save found
    recspec run found/FILE.yaml

Left out is what cannot be told apart or played together: faults that take up more than
{choosing:g} s of the 30 that there are for choosing (D2), and two faults of one line.
"""

_LEGEND = """\
What becomes of the recording at the recorder that is struck: *next* (the attempt fails, the next
recorder is tried), *kept*, *lost* (while the command runs), *lost at the end* (after the command
has exited, whose status stands). A fault is played by a scripted recorder, to the frame, or from
outside on a real one (marked with °).
"""


def matrix_page() -> str:
    """Return the whole page as Markdown."""
    left_out: Counter[str] = Counter()
    played: list[Combination] = []
    for one in combinations():
        rule = left_out_by(one)
        if rule is None:
            played.append(one)
        else:
            left_out[rule.name] += 1
    parts = [
        _INTRO.format(count=len(played)),
        _PAIRS.format(choosing=CHOOSING_S),
        "## Axes\n",
        *_axes(),
        "## Faults\n",
        _LEGEND,
        *_faults(played),
        "## What is left out, and why\n",
        "A combination is left out by the first rule that applies.\n",
        "| rule | left out | reason |",
        "|---|--:|---|",
        *(f"| `{rule.name}` | {left_out[rule.name]} | {rule.text} |" for rule in RULES),
        "",
    ]
    return "\n".join(parts)


def _axes() -> Iterator[str]:
    axes = {
        "moment": Moment,
        "protocol": Protocol,
        "failure action": OnFailure,
        "which recorder": Which,
    }
    yield f"- fault: {len(FAULTS)}, below"
    for name, values in axes.items():
        yield f"- {name}: {', '.join(f'`{value}`' for value in values)}"
    yield ""


def _faults(played: list[Combination]) -> Iterator[str]:
    counts = Counter(one.fault for one in played)
    places = {(one.fault, one.moment, one.protocol) for one in played}
    yield "| fault | what happens | scenarios | moments |"
    yield "|---|---|--:|---|"
    for name, fault in FAULTS.items():
        where = "; ".join(
            _row(fault, row, places) for row in fault.rows if _any(fault, row, places)
        )
        yield f"| `{name}` | {fault.about} | {counts[name]} | {where} |"
    yield ""


_Places = set[tuple[str, Moment, Protocol]]


def _cells(fault: MatrixFault, row: Row, places: _Places) -> dict[Moment, list[Protocol]]:
    return {
        moment: versions
        for moment in row.moments
        if (versions := [p for p in row.protocols if (fault.name, moment, p) in places])
    }


def _any(fault: MatrixFault, row: Row, places: _Places) -> bool:
    return bool(_cells(fault, row, places))


def _row(fault: MatrixFault, row: Row, places: _Places) -> str:
    cells = _cells(fault, row, places)
    versions = sorted({version.value for played in cells.values() for version in played})
    mark = "°" if isinstance(row.how, Struck) else ""
    return f"{_SIGNS[row.outcome]}{mark}: {', '.join(cells)} ({', '.join(versions)})"


def main(arguments: list[str]) -> int:
    """Write the page to the file that is named; returns the exit status."""
    if len(arguments) != 1:
        print(f"usage: {REGENERATE}", file=sys.stderr)  # noqa: T201
        return 2
    Path(arguments[0]).write_text(matrix_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
