"""One exploration, from its bounds to what it found, as data that is the same every time."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from conformance.machine import TRANSITIONS, covered
from simulator.explore.bounds import Bounds
from simulator.explore.model import SessionModel
from simulator.explore.properties import HANG, RULES
from simulator.explore.schedule import Line, Played, lines, play
from simulator.explore.search import MOST_STATES, Problem, Search
from simulator.overlay import Overlay


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A property that does not hold, with a shortest schedule that shows it."""

    rule: str
    says: str
    """The property, as a sentence."""
    message: str
    """What happened instead."""
    schedule: tuple[Line, ...]
    moves: tuple[str, ...]
    played: tuple[Played, ...]


class Explored(msgspec.Struct, frozen=True, kw_only=True):
    """What an exploration found."""

    bounds: Bounds
    complete: bool
    states: int
    transitions: int
    """Moves between the states, those that lead to a state that is known already included."""
    depth: int
    ends: int
    taken: tuple[tuple[str, str], ...]
    """The arrows of the table that some session took, in the table's order."""
    missing: tuple[tuple[str, str], ...]
    visited: dict[str, int]
    """How many of the states wait or end in each state of the table."""
    violations: tuple[Shown, ...]

    def as_data(self) -> dict[str, object]:
        """Return it as plain data for machines; the same exploration gives the same."""
        bounds = msgspec.to_builtins(self.bounds)
        return {
            "bounds": bounds,
            "complete": self.complete,
            "states": self.states,
            "transitions": self.transitions,
            "depth": self.depth,
            "ends": self.ends,
            "visited": self.visited,
            "arrows": {
                "covered": len(self.taken),
                "total": len(TRANSITIONS),
                "missing": self.missing,
            },
            "violations": [
                {
                    "rule": shown.rule,
                    "says": shown.says,
                    "message": shown.message,
                    "schedule": msgspec.to_builtins(shown.schedule),
                }
                for shown in self.violations
            ],
        }


def explore(
    bounds: Bounds,
    overlay: Overlay | None = None,
    *,
    most_states: int = MOST_STATES,
    stop: Callable[[int, int], bool] | None = None,
    first: bool = False,
) -> Explored:
    """Explore everything within the bounds. `stop` is asked after each depth: states, depth.

    Raises BoundsError. Incomplete when there are more than `most_states`, or `stop` said so; with
    `first` it ends at the first violation.
    """
    bounds.check()
    model = SessionModel(bounds, overlay)
    found = Search(model, HANG, most_states, first=first).run(stop)
    taken, missing = covered(model.arrows)
    visited = {state.value: count for state, count in model.visited.items() if count}
    return Explored(
        bounds=bounds,
        complete=found.complete,
        states=found.states,
        transitions=found.transitions,
        depth=found.depth,
        ends=found.ends,
        taken=tuple((before.value, after.value) for before, after in taken),
        missing=tuple((before.value, after.value) for before, after in missing),
        visited=visited,
        violations=tuple(
            _shown(model, violation.problem, violation.schedule) for violation in found.violations
        ),
    )


def _shown(model: SessionModel, problem: Problem, moves: tuple[str, ...]) -> Shown:
    played, _ = play(model, moves)
    return Shown(
        rule=problem.rule,
        says=RULES[problem.rule],
        message=problem.message,
        schedule=tuple(lines(played, model.bounds.addresses)),
        moves=moves,
        played=tuple(played),
    )
