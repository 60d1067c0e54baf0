"""The picture of the failure state machine, drawn from its table.

Every arrow comes from `conformance.machine.TRANSITIONS`; this module only knows where a state
stands and along which way an arrow runs, so that none crosses another. A test holds that every
state has its place and that every arrow of the table is drawn once. Colours are the page's: the
picture carries classes (``covered``, ``missing``) and no style of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Literal, NamedTuple

from markupsafe import Markup, escape

from conformance.machine import TRANSITIONS, Arrow, State

Side = Literal["left", "right", "top", "bottom"]
Point = tuple[float, float]

WIDTH, HEIGHT = 1070, 720
_BOX = (166, 38)
_MARK_RADIUS = 9
_CORNER = 10
_COLUMNS = (105, 350, 662, 925)
_ROW = 72
_TOP = 30

S = State

PLACES: dict[State, tuple[int, int]] = {
    S.START: (1, 0),
    S.CONNECTING: (1, 1),
    S.CHECK_POLICY: (1, 2),
    S.NO_RECORDING: (0, 3),
    S.FIND_RECORDER: (1, 3),
    S.TRY_PRIMARY: (1, 4),
    S.TRY_FAILOVER: (2, 4),
    S.CONNECTED: (1, 5),
    S.RECORDING_FAILED: (3, 5),
    S.STREAMING: (1, 6),
    S.SESSION_REJECTED: (2, 6),
    S.SESSION_ALLOWED: (3, 6),
    S.CONNECTION_LOST: (1, 7),
    S.SESSION_TERMINATED: (2, 7),
    S.CONTINUE_UNRECORDED: (1, 8),
    S.END: (2, 8),
    S.SESSION_COMPLETE: (1, 9),
}
"""Column and row of every state."""


class Way(NamedTuple):
    """How an arrow runs: out of one side, into another, with at most two bends.

    The shifts move its ends along those sides. `lane` is the x of the long way round for an arrow
    that leaves and enters on the same side. `label` is the side of its line that the text is on.
    """

    leave: Side = "bottom"
    enter: Side = "top"
    leave_shift: float = 0
    enter_shift: float = 0
    lane: float = 0
    label: Literal["above", "below", "left", "right"] | None = None


WAYS: dict[Arrow, Way] = {
    (S.CHECK_POLICY, S.NO_RECORDING): Way("left", "top"),
    (S.TRY_PRIMARY, S.TRY_FAILOVER): Way("right", "left"),
    (S.TRY_FAILOVER, S.CONNECTED): Way("bottom", "right", leave_shift=-25),
    (S.TRY_FAILOVER, S.RECORDING_FAILED): Way("right", "top"),
    (S.RECORDING_FAILED, S.SESSION_REJECTED): Way("left", "top", enter_shift=25),
    (S.STREAMING, S.SESSION_COMPLETE): Way("left", "left", enter_shift=-9, lane=228, label="left"),
    (S.CONNECTION_LOST, S.SESSION_TERMINATED): Way("right", "left"),
    (S.NO_RECORDING, S.SESSION_COMPLETE): Way("bottom", "left", enter_shift=9),
    (S.SESSION_ALLOWED, S.SESSION_COMPLETE): Way("bottom", "right", enter_shift=9, label="below"),
    (S.SESSION_COMPLETE, S.END): Way("right", "bottom", leave_shift=-9),
    (S.SESSION_REJECTED, S.END): Way("right", "right", lane=782),
}
"""The arrows that do not simply run straight down."""


def machine_svg(taken: Collection[Arrow], counts: Mapping[Arrow, int] | None = None) -> Markup:
    """Draw the table as inline SVG; arrows in `taken` are ``covered``, the others ``missing``.

    `counts` says in how many scenarios an arrow was taken; it is told in the arrow's tooltip.
    """
    visited = {state for arrow in taken for state in arrow}
    done = sum(arrow in taken for arrow in TRANSITIONS)
    parts = [
        Markup(
            '<svg class="machine" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            'aria-label="State machine: {done} of {total} transitions were taken">'
        ).format(w=WIDTH, h=HEIGHT, done=done, total=len(TRANSITIONS)),
        Markup("<defs>{}{}</defs>").format(_head("covered"), _head("missing")),
    ]
    parts += [
        _arrow(arrow, label, arrow in taken, (counts or {}).get(arrow))
        for arrow, label in TRANSITIONS.items()
    ]
    parts += [_state(state, state in visited) for state in PLACES]
    parts.append(Markup("</svg>"))
    return Markup("\n").join(parts)


def centre(state: State) -> Point:
    """Return where the middle of a state is, in the picture's own units."""
    column, row = PLACES[state]
    return _COLUMNS[column], _TOP + row * _ROW


def _size(state: State) -> tuple[float, float]:
    if state in {S.START, S.END}:
        return 2 * _MARK_RADIUS, 2 * _MARK_RADIUS
    return _BOX


def _port(state: State, side: Side, shift: float) -> Point:
    (x, y), (width, height) = centre(state), _size(state)
    if side in {"left", "right"}:
        return x + (width / 2 if side == "right" else -width / 2), y + shift
    return x + shift, y + (height / 2 if side == "bottom" else -height / 2)


def route(arrow: Arrow) -> tuple[Point, ...]:
    """Return the points of an arrow, its start and end included."""
    way = WAYS.get(arrow, Way())
    start = _port(arrow[0], way.leave, way.leave_shift)
    end = _port(arrow[1], way.enter, way.enter_shift)
    flat_out, flat_in = way.leave in {"left", "right"}, way.enter in {"left", "right"}
    if flat_out and flat_in:
        if way.lane:
            return start, (way.lane, start[1]), (way.lane, end[1]), end
        return start, end
    if flat_out:
        return start, (end[0], start[1]), end
    if flat_in:
        return start, (start[0], end[1]), end
    return start, end


def _path(points: tuple[Point, ...]) -> str:
    steps = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into, out = _toward(corner, before), _toward(corner, after)
        steps.append(f"L{into[0]:g} {into[1]:g}")
        steps.append(f"Q{corner[0]:g} {corner[1]:g} {out[0]:g} {out[1]:g}")
    steps.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    return "".join(steps)


def _toward(corner: Point, other: Point) -> Point:
    """Return the point a corner's radius away from `corner`; lines run along one axis only."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    reach = min(_CORNER, abs(dx) + abs(dy)) / ((abs(dx) + abs(dy)) or 1)
    return corner[0] + dx * reach, corner[1] + dy * reach


def _label_at(arrow: Arrow) -> tuple[float, float, str]:
    points = route(arrow)
    (x1, y1), (x2, y2) = max(
        pairwise(points),
        key=lambda line: abs(line[0][0] - line[1][0]) + abs(line[0][1] - line[1][1]),
    )
    side = WAYS.get(arrow, Way()).label or ("above" if y1 == y2 else "right")
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    if side in {"above", "below"}:
        return x, y + (-7 if side == "above" else 17), "middle"
    return (x - 8, y + 4, "end") if side == "left" else (x + 8, y + 4, "start")


def _head(kind: str) -> Markup:
    return Markup(
        '<marker id="head-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse"><path class="head {kind}" '
        'd="M0 1L10 5L0 9z"/></marker>'
    ).format(kind=kind)


def _arrow(arrow: Arrow, label: str, taken: bool, count: int | None) -> Markup:
    kind = "covered" if taken else "missing"
    x, y, anchor = _label_at(arrow)
    told = "never taken"
    if taken:
        told = "taken" if count is None else f"taken in {count} scenario{'s' * (count != 1)}"
    return Markup(
        '<g class="arrow {kind}" data-from="{before}" data-to="{after}">'
        "<title>{before} → {after}: {label} ({told})</title>"
        '<path class="line" d="{path}" marker-end="url(#head-{kind})"/>'
        '<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{label}</text></g>'
    ).format(
        kind=kind, before=arrow[0].value, after=arrow[1].value, label=label, told=told,
        path=_path(route(arrow)), x=x, y=y, anchor=anchor,
    )  # fmt: skip


def _state(state: State, visited: bool) -> Markup:
    (x, y), kind = centre(state), "covered" if visited else "missing"
    title = Markup("<title>{}</title>").format(state.value)
    if state in {S.START, S.END}:
        inner = Markup('<circle class="dot" cx="{:g}" cy="{:g}" r="5"/>').format(x, y)
        return Markup(
            '<g class="mark {kind} {which}">{title}'
            '<circle cx="{x:g}" cy="{y:g}" r="{r}"/>{inner}</g>'
        ).format(
            kind=kind, which=state.name.lower(), title=title, x=x, y=y, r=_MARK_RADIUS,
            inner=inner if state is S.END else "",
        )  # fmt: skip
    width, height = _BOX
    return Markup(
        '<g class="state {kind}">{title}<rect x="{left:g}" y="{top:g}" width="{w}" height="{h}" '
        'rx="8"/><text x="{x:g}" y="{base:g}" text-anchor="middle">{name}</text></g>'
    ).format(
        kind=kind, title=title, left=x - width / 2, top=y - height / 2, w=width, h=height,
        x=x, base=y + 5, name=escape(state.value),
    )  # fmt: skip
