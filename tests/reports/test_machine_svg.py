from __future__ import annotations

from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

from conformance.machine import TRANSITIONS, State
from reports.machine_svg import (
    HEIGHT,
    PLACES,
    WAYS,
    WIDTH,
    Point,
    centre,
    machine_svg,
    route,
)

Line = tuple[Point, Point]


def lines_of(arrow: tuple[State, State]) -> list[Line]:
    return list(pairwise(route(arrow)))


def between(value: float, ends: tuple[float, float]) -> bool:
    return min(ends) < value < max(ends)


def cross(one: Line, other: Line) -> bool:
    for (a, b), (c, d) in ((one, other), (other, one)):
        level, upright = a[1] == b[1], c[0] == d[0]
        if level and upright and between(c[0], (a[0], b[0])) and between(a[1], (c[1], d[1])):
            return True
    return False


def overlap(one: Line, other: Line) -> bool:
    for axis in (0, 1):
        same = {point[axis] for point in (*one, *other)}
        if len(same) == 1:
            spans = [sorted(point[1 - axis] for point in line) for line in (one, other)]
            return max(span[0] for span in spans) < min(span[1] for span in spans)
    return False


def test_every_arrow_of_the_table_is_drawn_once() -> None:
    root = ET.fromstring(machine_svg(()))
    drawn = [
        (group.get("data-from"), group.get("data-to"))
        for group in root.iter("g")
        if "arrow" in (group.get("class") or "").split()
    ]
    assert len(drawn) == 22
    assert sorted(drawn) == sorted((before.value, after.value) for before, after in TRANSITIONS)
    assert sum("marker-end" in path.attrib for path in root.iter("path")) == 22


def test_every_state_has_its_place_and_no_way_is_for_nothing() -> None:
    assert {*PLACES} == {*State}
    assert len({*PLACES.values()}) == len(State)
    assert {*WAYS} <= {*TRANSITIONS}


def test_lines_run_along_an_axis_and_none_crosses_or_covers_another() -> None:
    for arrow in TRANSITIONS:
        for (x1, y1), (x2, y2) in lines_of(arrow):
            assert (x1 == x2) != (y1 == y2), arrow
    for one, other in combinations(TRANSITIONS, 2):
        for a in lines_of(one):
            for b in lines_of(other):
                assert not cross(a, b), (one, other)
                assert not overlap(a, b), (one, other)


def test_no_arrow_runs_through_a_state() -> None:
    for arrow in TRANSITIONS:
        for state in set(State) - {*arrow}:
            x, y = centre(state)
            for line in lines_of(arrow):
                assert not cross(line, ((x - 83, y), (x + 83, y))), (arrow, state)
                assert not cross(line, ((x, y - 19), (x, y + 19))), (arrow, state)


def test_all_of_it_is_inside_the_picture() -> None:
    for arrow in TRANSITIONS:
        for x, y in route(arrow):
            assert 0 < x < WIDTH
            assert 0 < y < HEIGHT


def test_what_was_taken_is_told_from_what_was_not() -> None:
    taken = next(iter(TRANSITIONS))
    root = ET.fromstring(machine_svg({taken}, {taken: 3}))
    kinds = {
        (group.get("data-from"), group.get("data-to")): (
            group.get("class"),
            group.findtext("title"),
        )
        for group in root.iter("g")
        if group.get("data-from")
    }
    kind, title = kinds.pop((taken[0].value, taken[1].value))
    assert kind == "arrow covered"
    assert "taken in 3 scenarios" in (title or "")
    assert {kind for kind, _ in kinds.values()} == {"arrow missing"}
    states = {group.findtext("text"): group.get("class") for group in root.iter("g")}
    assert states["Connecting"] == "state covered"
    assert states["Streaming"] == "state missing"
