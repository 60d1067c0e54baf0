"""The search itself, on systems whose states and ways are counted by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from simulator.explore.search import Problem, Search


class Step(msgspec.Struct, frozen=True):
    name: str
    to: str
    expected: bool = True


class Graph:
    """A transition system that is written out: by state, what may happen and where it leads."""

    def __init__(
        self,
        steps: Mapping[str, list[Step]],
        wrong: Callable[[str], Problem | None] = lambda _: None,
    ) -> None:
        self.steps = steps
        self.wrong = wrong
        self.asked: list[str] = []

    def start(self) -> str:
        return "start"

    def moves(self, node: str) -> list[Step]:
        return self.steps[node]

    def after(self, node: str, move: Step) -> str | Problem:
        return Problem("broken", "!") if move.to == "broken" else move.to

    def key(self, node: str) -> bytes:
        return node.encode()

    def over(self, node: str) -> bool:
        return node == "end"

    def problem(self, node: str) -> Problem | None:
        self.asked.append(node)
        return self.wrong(node)


DIAMOND = {
    "start": [Step("left", "l"), Step("right", "r")],
    "l": [Step("right", "both")],
    "r": [Step("left", "both")],
    "both": [Step("stop", "end")],
}


def test_equal_states_are_visited_once() -> None:
    graph = Graph(DIAMOND)
    found = Search(graph, "hang").run()
    assert (found.states, found.transitions, found.depth, found.ends) == (5, 5, 3, 1)
    assert found.complete
    assert found.violations == ()
    assert sorted(graph.asked) == ["both", "end", "l", "r", "start"]


def test_all_orders_of_two_counters() -> None:
    # Two counters to 2: 3 x 3 states; 6 steps for each counter; the longest way has 4 steps.
    def steps(a: int, b: int) -> list[Step]:
        up = [Step("a", f"{a + 1}{b}")] if a < 2 else []
        up += [Step("b", f"{a}{b + 1}")] if b < 2 else []
        return up or [Step("stop", "end")]

    graph = {f"{a}{b}": steps(a, b) for a in range(3) for b in range(3)}
    found = Search(Graph({**graph, "start": graph["00"]}), "hang").run()
    # The start stands for 00, and the end is one more.
    assert (found.states, found.transitions, found.depth) == (10, 13, 5)


def test_a_violation_comes_with_a_shortest_way() -> None:
    steps = {
        "start": [Step("long", "a"), Step("short", "c")],
        "a": [Step("on", "b")],
        "b": [Step("break", "broken")],
        "c": [Step("snap", "broken"), Step("stop", "end")],
    }
    (violation,) = Search(Graph(steps), "hang").run().violations
    assert violation.problem == Problem("broken", "!")
    assert violation.schedule == ("short", "snap")


def test_what_is_wrong_with_a_state_comes_with_the_way_to_it() -> None:
    wrong = Graph(DIAMOND, lambda node: Problem("odd", node) if node == "both" else None)
    (violation,) = Search(wrong, "hang").run().violations
    assert violation.schedule == ("left", "right")


def test_a_state_without_a_way_to_an_end_hangs() -> None:
    steps = {
        "start": [Step("go", "on"), Step("stop", "end")],
        "on": [Step("round", "about")],
        "about": [Step("round", "on")],
    }
    (violation,) = Search(Graph(steps), "hang").run().violations
    assert violation.problem.rule == "hang"
    assert violation.schedule == ("go",)


def test_a_way_that_nobody_need_take_is_no_way_to_an_end() -> None:
    steps = {
        "start": [Step("go", "on")],
        "on": [Step("luck", "end", expected=False), Step("wait", "on")],
    }
    (violation,) = Search(Graph(steps), "hang").run().violations
    assert (violation.problem.rule, violation.schedule) == ("hang", ())


def test_what_is_reported_already_is_not_a_hang_too() -> None:
    steps = {"start": [Step("break", "broken")]}
    (violation,) = Search(Graph(steps), "hang").run().violations
    assert violation.problem.rule == "broken"


def test_a_search_that_is_cut_short_is_not_complete_and_says_nothing_of_hanging() -> None:
    endless = Graph({"start": [Step("go", "on")], "on": [Step("round", "on")]})
    found = Search(endless, "hang", most_states=1).run()
    assert not found.complete
    assert found.violations == ()
    assert not Search(endless, "hang").run(stop=lambda states, depth: True).complete
