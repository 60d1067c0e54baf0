"""Searches a transition system breadth first: every state within its bounds, each once.

It knows nothing of recorders. A model says what a state is, what may happen in it and what is
wrong with it; the search finds all states, and to everything wrong a shortest way. The order of
everything is the model's own order of moves, so two searches of one model find the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

Node = TypeVar("Node")
Move = TypeVar("Move", bound="Named")

MOST_STATES = 2_000_000
_EVERY = 500
"""States between two questions whether to stop."""


class Named(Protocol):
    """What can happen."""

    @property
    def name(self) -> str:
        """Its name; in one state no two moves have the same."""

    @property
    def expected(self) -> bool:
        """Whether it happens by itself, when everybody keeps their promises."""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong: the rule that is broken, and how."""

    rule: str
    message: str


class Model(Protocol[Node, Move]):
    """A transition system."""

    def start(self) -> Node:
        """Return the state in which everything begins."""

    def moves(self, node: Node) -> Sequence[Move]:
        """Return what may happen in a state, always in the same order."""

    def after(self, node: Node, move: Move) -> Node | Problem:
        """Return the state after a move, or what is wrong with it; `node` stays as it is."""

    def key(self, node: Node) -> bytes:
        """Return the same bytes for states that are equal, and for no others."""

    def over(self, node: Node) -> bool:
        """Tell whether this is an end."""

    def problem(self, node: Node) -> Problem | None:
        """Return what is wrong with a state by itself; asked once for every state."""


class Violation(msgspec.Struct, frozen=True):
    """What is wrong, and a shortest way to it: the names of the moves, in their order."""

    problem: Problem
    schedule: tuple[str, ...]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found."""

    complete: bool
    """Whether every state was visited; otherwise the limit was reached, or somebody stopped it."""
    states: int
    transitions: int
    depth: int
    """Moves of the longest of all shortest ways to a state."""
    ends: int
    """States in which it is over."""
    violations: tuple[Violation, ...]
    """For every rule that is broken, the first that was found: no shorter way breaks it."""


class Search(Generic[Node, Move]):
    """One search. `hang` is the rule that a state breaks from which no end can be reached.

    With `first` it ends at the first violation, which no shorter way shows.
    """

    def __init__(
        self,
        model: Model[Node, Move],
        hang: str,
        most_states: int = MOST_STATES,
        *,
        first: bool = False,
    ) -> None:
        self.first = first
        self.model = model
        self.hang = hang
        self.most_states = most_states
        self._index: dict[bytes, int] = {}
        self._parents = array("q")
        self._moves = array("H")
        self._names: dict[str, int] = {}
        self._from = array("q")
        self._to = array("q")
        """The moves that are expected; -1 leads to an end, or to what is reported already."""
        self._violations: dict[str, Violation] = {}
        self._transitions = 0
        self._ends = 0
        self._depth = 0

    def run(self, stop: Callable[[int, int], bool] | None = None) -> Found:
        """Visit every state. `stop` is told now and then: states, depth; true ends it."""
        layer = [(self._number(self.model.start(), -1, ""), self.model.start())]
        while layer:
            following: list[tuple[int, Node]] = []
            for number, node in layer:
                self._expand(number, node, following)
                if self.first and self._violations:
                    return self._found(complete=False)
                if len(self._index) > self.most_states:
                    return self._found(complete=False)
                if stop and not number % _EVERY and stop(len(self._index), self._depth):
                    return self._found(complete=False)
            layer = following
            self._depth += bool(layer)
        self._find_hang()
        return self._found(complete=True)

    def _expand(self, number: int, node: Node, following: list[tuple[int, Node]]) -> None:
        model, index = self.model, self._index
        problem = model.problem(node)
        if problem is not None:
            self._note(problem, number, "")
        if model.over(node):
            self._ends += 1
            self._expect(number, -1)
            return
        for move in model.moves(node):
            self._transitions += 1
            after = model.after(node, move)
            if isinstance(after, Problem):
                self._note(after, number, move.name)
                self._expect(number, -1)
                continue
            key = model.key(after)
            known = index.get(key)
            if known is None:
                known = self._number(after, number, move.name, key)
                following.append((known, after))
            if move.expected:
                self._expect(number, known)

    def _number(self, node: Node, parent: int, name: str, key: bytes | None = None) -> int:
        number = self._index[self.model.key(node) if key is None else key] = len(self._index)
        self._parents.append(parent)
        self._moves.append(self._names.setdefault(name, len(self._names)))
        return number

    def _expect(self, source: int, target: int) -> None:
        self._from.append(source)
        self._to.append(target)

    def _note(self, problem: Problem, number: int, name: str) -> None:
        if problem.rule not in self._violations:
            last = (name,) if name else ()
            self._violations[problem.rule] = Violation(problem, (*self.way(number), *last))

    def way(self, number: int) -> tuple[str, ...]:
        """Return a shortest way to a state, by its number in the order of their discovery."""
        names = list(self._names)
        way = []
        while self._parents[number] >= 0:
            way.append(names[self._moves[number]])
            number = self._parents[number]
        return tuple(reversed(way))

    def _find_hang(self) -> None:
        """Find the first state from which no end can be reached by what is expected."""
        ends = bytearray(len(self._index))
        changed = True
        while changed:
            changed = False
            # Most moves lead to states that were found later: backwards, few rounds are enough.
            for source, target in zip(reversed(self._from), reversed(self._to), strict=True):
                if not ends[source] and (target < 0 or ends[target]):
                    ends[source] = 1
                    changed = True
        first = ends.find(0)
        if first >= 0:
            message = "no end can be reached from here, though everybody keeps their promises"
            self._note(Problem(self.hang, message), first, "")

    def _found(self, *, complete: bool) -> Found:
        return Found(
            complete=complete,
            states=len(self._index),
            transitions=self._transitions,
            depth=self._depth,
            ends=self._ends,
            violations=tuple(self._violations.values()),
        )
