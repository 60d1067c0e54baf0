"""The specification as a page, from the clause catalogue and the state machine's table.

It is generated, `docs/spec.md`, and a test fails when it is stale:

    python -m reports.spec_page docs/spec.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from conformance.clauses import AREAS, CATALOGUE, Binds, Clause, Level, of_area
from conformance.machine import TRANSITIONS, State

REGENERATE = "python -m reports.spec_page docs/spec.md"

_INTRO = f"""\
<!-- Generated from the clause catalogue; do not edit. Make it anew: {REGENERATE} -->

# The specification

What session recorders, and the SSH servers that feed them, must do: {{count}} clauses, each with
its reason and its source. `recspec explain ID` adds the checks, the mutants and the scenarios of a
clause.

**IDs** are stable for ever; a clause that is withdrawn leaves its number unused. **Levels** are
those of RFC 2119. They say how a clause binds implementations that are not ours; our reference
parts keep every clause. A clause that only a decision of this project stands behind says so, and
is never a MUST.

**Sources**: S is the seed document, "Tailscale Session Recorder Architecture", with the section;
U the public upstream code, `tailscale/tailscale` unless another repository is named, with the
file; A the asciicast manual; R an RFC; D1 to D16 are this project's decisions,
[protocol facts](protocol.md), section 9. "protocol §N" points into the same facts.
"""

_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+\.go")
_RFC = re.compile(r"RFC [0-9]+")

_Named = Callable[[Clause], Iterable[str]]
"""What the sources of a clause name, of one kind."""


def spec_page() -> str:
    """Return the whole page as Markdown."""
    parts = [
        _INTRO.format(count=len(CATALOGUE)),
        "## Areas\n",
        _areas(),
        "## The state machine\n",
        _machine(),
        *(_area(area, title) for area, title in AREAS.items()),
        "## Who says so\n",
        _sources(),
    ]
    return "\n".join(parts)


def mermaid() -> str:
    """Return the state machine as a Mermaid state diagram, drawn from its table."""
    marks = (State.START, State.END)
    lines = ["stateDiagram-v2"]
    for (before, after), on in TRANSITIONS.items():
        left, right = ("[*]" if state in marks else state.value for state in (before, after))
        lines.append(f"    {left} --> {right}: {on}")
    return "\n".join(lines)


def _areas() -> str:
    lines = [
        f"| area | | clauses | {' | '.join(Level)} | binds |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for area, title in AREAS.items():
        clauses = list(of_area(area))
        counts = [sum(clause.level is level for clause in clauses) for level in Level]
        binds = [party.value for party in Binds if any(c.binds is party for c in clauses)]
        lines.append(
            f"| [{area}](#{_anchor(title)}) | {title} | {len(clauses)} |"
            f" {' | '.join(map(str, counts))} | {', '.join(binds)} |"
        )
    return "\n".join(lines) + "\n"


def _machine() -> str:
    return (
        f"The only legal steps of a session: {len(TRANSITIONS)} arrows, the start and the three"
        f" ends counted.\n\n```mermaid\n{mermaid()}\n```\n"
    )


def _area(area: str, title: str) -> str:
    return f"## {title}\n\n" + "\n".join(map(_clause, of_area(area)))


def _clause(clause: Clause) -> str:
    only = " · decision only" if clause.decision_only else ""
    return (
        f"### {clause.id}\n\n"
        f"**{clause.level}** · {clause.binds} · since {clause.since}{only}\n\n"
        f"{clause.text} *{clause.reason}*\n\n"
        f"Source: {clause.source}\n"
    )


def _sources() -> str:
    """Return the tables that lead from a source to its clauses."""
    kinds: tuple[tuple[str, _Named], ...] = (
        ("decision", _decisions),
        ("section of the seed document", partial(_after, "S: ")),
        ("file of the upstream code", _files),
        ("part of the asciicast manual", partial(_after, "A: ")),
        ("RFC", _rfcs),
    )
    return "\n".join(_table(heading, named) for heading, named in kinds)


def _table(heading: str, named: _Named) -> str:
    found: dict[str, list[str]] = {}
    for clause in CATALOGUE.values():
        for name in dict.fromkeys(named(clause)):
            found.setdefault(name, []).append(f"[{clause.id}](#{clause.id})")
    rows = (f"| {name} | {', '.join(found[name])} |" for name in sorted(found, key=_natural))
    return "\n".join((f"| {heading} | clauses |", "|---|---|", *rows)) + "\n"


def _decisions(clause: Clause) -> Iterable[str]:
    return (f"D{number}" for number in clause.decisions)


def _files(clause: Clause) -> Iterator[str]:
    for part in _after("U: ", clause):
        yield from _FILE.findall(part) or [part]


def _rfcs(clause: Clause) -> Iterator[str]:
    for part in _after("R: ", clause):
        yield from _RFC.findall(part)


def _after(prefix: str, clause: Clause) -> Iterator[str]:
    for part in clause.sources:
        if part.startswith(prefix):
            yield part.removeprefix(prefix)


def _natural(name: str) -> tuple[str, int]:
    """Sort D2 before D10."""
    text = name.rstrip("0123456789")
    return text, int(name[len(text) :] or 0)


def _anchor(title: str) -> str:
    """Return the anchor that Markdown readers give to a heading."""
    return title.lower().replace(" ", "-")


def main(arguments: list[str]) -> int:
    """Write the page to the file that is named; return the exit status."""
    if len(arguments) != 1:
        sys.stderr.write(f"usage: {REGENERATE}\n")
        return 2
    Path(arguments[0]).write_text(spec_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
