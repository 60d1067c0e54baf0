"""``recspec explain NAME``: a clause, scenario, case, mutant, fault or state, with its ties."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Annotated, TypeAlias

import msgspec
import typer

from conformance.asciicast import CLAUSES as RECORDINGS
from conformance.cases import Case, cases
from conformance.checking import checkers
from conformance.clauses import CATALOGUE, Clause
from conformance.judgement import ExitStatus
from conformance.machine import TRANSITIONS, State
from conformance.scenario import Match, RecorderNode, Scenario
from fixtures.faults import Fault, vocabulary
from reports.visible import one_line
from scenarios import exercised
from scenarios.matrix import MATRIX, matrix
from scenarios.reader import UnreadableScenarioError, library
from simulator.overlay import Mutant, mutants

WIDTH = 100
"""Most columns of a line."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say about one thing, in the order in which it is told."""

    kind: str
    name: str
    text: str
    facts: dict[str, str | bool] = {}
    ties: dict[str, list[dict[str, str]]] = {}
    """By heading: what it is tied to, each with a name first and what to say of it after."""

    def as_json(self) -> bytes:
        """Return it as one JSON object."""
        whole = {"kind": self.kind, "name": self.name, "text": self.text, **self.facts, **self.ties}
        return msgspec.json.format(msgspec.json.encode(whole)) + b"\n"

    def as_lines(self, width: int) -> Iterable[str]:
        """Return it as lines for people."""
        yield f"{self.name} ({self.kind})"
        yield from _wrapped(self.text, width, "  ")
        if self.facts:
            yield ""
        for label, value in self.facts.items():
            said = ("yes" if value else "no") if isinstance(value, bool) else value
            yield from _wrapped(f"{_heading(label)}: {said}", width, "  ")
        for label, tied in self.ties.items():
            yield ""
            yield f"{_heading(label)}: {len(tied) or 'none'}"
            for row in _without_form(tied):
                yield from _wrapped("  ".join(row.values()), width, "  ")


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A clause, scenario, mutant or fault, or a state of the machine."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout.")
    ] = False,
) -> None:
    """Explain a clause: what it says and why, its source, its checks, its mutants, its scenarios.

    Explains a scenario, a case, a mutant, a fault or a state of the machine just as well.

    Example: recspec explain acks-1
    """
    try:
        house = House()
    except UnreadableScenarioError as error:
        typer.echo(f"recspec explain: {one_line(str(error))}", err=True)
        raise typer.Exit(ExitStatus.USAGE) from None
    found = house.explained(name)
    if found is None:
        near = house.near(name)
        hint = (
            f"did you mean {' or '.join(near)}?" if near else "'recspec list' names what there is"
        )
        typer.echo(f"recspec explain: nothing is named '{one_line(name, 60)}'; {hint}", err=True)
        raise typer.Exit(ExitStatus.USAGE)
    if house.stale:
        typer.echo(
            f"recspec explain: scenarios/exercised.json is out of date ({house.stale[0]});"
            f" make it anew: {exercised.REGENERATE}",
            err=True,
        )
    if as_json:
        sys.stdout.buffer.write(found.as_json())
        sys.stdout.buffer.flush()
    else:
        width = min(shutil.get_terminal_size().columns, WIDTH)
        typer.echo("\n".join(found.as_lines(width)))


_Explain: TypeAlias = Callable[[], Explanation]


class House:
    """All that has a name, and how it hangs together."""

    def __init__(self) -> None:
        self.faults = vocabulary()
        self.scenarios = library(frozenset(self.faults))
        self.mutants = mutants()
        self.cases = cases()
        self.index = exercised.read()
        self.stale = exercised.stale(self.scenarios, self.index)
        self._names: dict[str, tuple[str, _Explain]] = {}
        for clause in CATALOGUE.values():
            self._add(clause.id, partial(self.clause, clause))
        for id_, scenario in self.scenarios.items():
            self._add(id_, partial(self.scenario, scenario))
        for case in self.cases.values():
            self._add(case.id, partial(self.case, case))
        for mutant in self.mutants.values():
            self._add(mutant.name, partial(self.mutant, mutant))
        for fault in self.faults.values():
            self._add(fault.name, partial(self.fault, fault))
        for state in State:
            self._add(state.value, partial(self.state, state))

    def _add(self, name: str, explained: _Explain) -> None:
        assert name.casefold() not in self._names, name
        self._names[name.casefold()] = name, explained

    def explained(self, name: str) -> Explanation | None:
        """Explain what has this name, in any case; None when nothing has."""
        found = self._names.get(name.strip().casefold())
        if found is None and (wanted := name.strip().casefold()).startswith(f"{MATRIX}/"):
            of_matrix = matrix().get(wanted)
            return self.scenario(of_matrix) if of_matrix is not None else None
        return found[1]() if found else None

    def near(self, name: str) -> list[str]:
        """Return names that may have been meant."""
        wanted = name.strip().casefold()
        near = get_close_matches(wanted, self._names, n=3, cutoff=0.6)
        parts = [key for key in self._names if wanted and wanted in key.split("/")]
        return [self._names[key][0] for key in dict.fromkeys([*near, *parts])][:3]

    # --- one of each kind -----------------------------------------------------------------------

    def clause(self, clause: Clause) -> Explanation:
        """Explain a clause."""
        return Explanation(
            kind="clause",
            name=clause.id,
            text=clause.text,
            facts={
                "reason": clause.reason,
                "source": clause.source,
                "level": clause.level.value,
                "binds": clause.binds.value,
                "since": clause.since,
                "decision_only": clause.decision_only,
            },
            ties={
                "checks": _checks(clause.id),
                "cases": [
                    {"name": case.id, "about": case.title}
                    for case in self.cases.values()
                    if clause.id in case.clauses
                ],
                "mutants": [
                    {"name": mutant.name, "summary": mutant.summary}
                    for mutant in self.mutants.values()
                    if clause.id in mutant.breaks
                ],
                "scenarios": self._titled(exercised.exercising(clause.id, self.index)),
            },
        )

    def scenario(self, scenario: Scenario) -> Explanation:
        """Explain a scenario."""
        played = self.index.scenarios.get(scenario.id)
        facts: dict[str, str | bool] = {"about": scenario.about} if scenario.about else {}
        return Explanation(
            kind="scenario",
            name=scenario.id,
            text=scenario.title,
            facts=facts,
            ties={
                "recorders": [_recorder(node) for node in scenario.recorders],
                "faults": [
                    {"name": plan.fault, "node": plan.node, "at": _moment(plan.at)}
                    for plan in scenario.faults
                ],
                "paths": [
                    {"session": expected.session, "states": " → ".join(expected.path)}
                    for expected in scenario.expect
                ],
                "clauses": _clauses(exercised.unfold(played.clauses) if played else ()),
                "mutants": [
                    {"name": mutant.name, "summary": mutant.summary}
                    for mutant in self.mutants.values()
                    if scenario.id in mutant.shown_by
                ],
            },
        )

    def case(self, case: Case) -> Explanation:
        """Explain a case that recorders are put through."""
        return Explanation(
            kind="case",
            name=case.id,
            text=case.title,
            facts={
                "level": case.level.value,
                "phase": case.phase.value,
                "needs": ", ".join(case.needs) or "nothing",
            },
            ties={
                "clauses": _clauses(case.clauses),
                "mutants": [
                    {"name": mutant.name, "summary": mutant.summary}
                    for mutant in self.mutants.values()
                    if case.id in mutant.shown_by
                ],
            },
        )

    def mutant(self, mutant: Mutant) -> Explanation:
        """Explain a mutant."""
        return Explanation(
            kind="mutant",
            name=mutant.name,
            text=mutant.summary,
            facts={"part": mutant.part},
            ties={
                "breaks": _clauses(mutant.breaks),
                "scenarios": self._titled(mutant.shown_by),
            },
        )

    def fault(self, fault: Fault) -> Explanation:
        """Explain a fault."""
        using = (
            id_
            for id_, scenario in self.scenarios.items()
            if any(plan.fault == fault.name for plan in scenario.faults)
        )
        return Explanation(
            kind="fault",
            name=fault.name,
            text=" ".join(fault.about.split()),
            ties={"scenarios": self._titled(using)},
        )

    def state(self, state: State) -> Explanation:
        """Explain a state: the arrows that lead to it and from it."""
        through = (
            id_
            for id_, scenario in self.scenarios.items()
            if state in (State.START, State.END)
            or any(state in expected.path for expected in scenario.expect)
        )
        return Explanation(
            kind="state",
            name=state.value,
            text="A state of the machine: what leads to it, and what may follow.",
            ties={
                "arrows_in": [
                    {"from": before.value, "on": on}
                    for (before, after), on in TRANSITIONS.items()
                    if after is state
                ],
                "arrows_out": [
                    {"to": after.value, "on": on}
                    for (before, after), on in TRANSITIONS.items()
                    if before is state
                ],
                "scenarios": self._titled(through),
            },
        )

    def _titled(self, ids: Iterable[str]) -> list[dict[str, str]]:
        known: Mapping[str, Scenario | Case] = {**self.scenarios, **self.cases}
        return [{"id": id_, "title": known[id_].title if id_ in known else ""} for id_ in ids]


def _without_form(rows: list[dict[str, str]]) -> Iterable[dict[str, str]]:
    """Fold the clauses of a recording's form into one row: every recording is held to all."""
    form = [row["id"] for row in rows if row.get("id") in RECORDINGS]
    if len(form) < len(RECORDINGS):
        yield from rows
        return
    yield from (row for row in rows if row.get("id") not in RECORDINGS)
    yield {"id": exercised.fold(form), "text": "the form of a recording"}


def _checks(clause: str) -> list[dict[str, str]]:
    found = []
    for checker, clauses in checkers():
        if clause in clauses:
            about = (checker.__doc__ or "").strip().partition("\n")[0]
            name = getattr(checker, "__name__", "checker")
            found.append({"name": f"{checker.__module__}.{name}", "about": about})
    if clause in RECORDINGS:
        found.append({"name": "recspec check cast", "about": "Judges recordings by themselves."})
    return found


def _clauses(ids: Iterable[str]) -> list[dict[str, str]]:
    texts: Mapping[str, Clause] = CATALOGUE
    return [{"id": id_, "text": texts[id_].text if id_ in texts else ""} for id_ in ids]


def _recorder(node: RecorderNode) -> dict[str, str]:
    does = f"scripted: {node.script.does}" if node.script else f"stores in {node.storage}"
    return {"name": node.name, "speaks": node.speaks, "does": does}


def _moment(at: str | float | Match) -> str:
    if isinstance(at, Match):
        where = ", ".join(f"{key} {value}" for key, value in at.where.items())
        after = f", {at.plus:g} s after" if at.plus else ""
        return f"at {at.event}{f' ({where})' if where else ''}{after}"
    return "from the start" if isinstance(at, str) else f"after {at:g} s"


def _heading(label: str) -> str:
    return label.replace("_", " ").capitalize()


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )
