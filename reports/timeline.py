"""The timeline of one history, for people: rows in a table, a picture with a lane per observer.

Times are relative to the first event. Every observer's own order is kept as it is; between
observers the clock decides, which is good enough to read by and proves nothing, and the page says
so. Long histories are shortened in the middle: the file has everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from markupsafe import Markup

from conformance.history import Entered, Event, FaultApplied, FaultCleared, Gap, Kind, Problem
from conformance.wire import SECOND
from reports.visible import one_line, shown

_TEXT_LIMIT = 160
_BYTES_LIMIT = 120
_GUTTER, _WIDTH, _LANE, _AXIS = 170, 1000, 24, 26
_STEPS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3600, 86400)


class Row(NamedTuple):
    """One event as it is shown."""

    at: str
    """Seconds since the first event, with their sign and three decimals."""
    observer: str
    role: str
    kind: str
    fields: tuple[tuple[str, str], ...]
    mark: str
    """``state``, ``fault``, ``trouble`` or empty: what the eye should stop at."""


class SessionPath(NamedTuple):
    """The states that one session entered, each with the time at which it did."""

    session: str
    states: tuple[tuple[str, str], ...]


class Timeline(NamedTuple):
    """What a page shows of one history. After `half` rows `left_out` events are not shown."""

    rows: tuple[Row, ...]
    half: int
    left_out: int
    events: int
    observers: int
    paths: tuple[SessionPath, ...]
    lanes: Markup


def timeline(history: Sequence[Event], limit: int) -> Timeline:
    """Prepare a history for the page, at most `limit` of its events."""
    merged = list(_merged(history))
    start = min((event.at for event in history), default=0)
    half, left_out = len(merged), 0
    if len(merged) > limit:
        half = limit // 2
        left_out = len(merged) - limit
    kept = merged[:half] + merged[half + left_out :]
    return Timeline(
        rows=tuple(_row(event, start) for event in kept),
        half=half,
        left_out=left_out,
        events=len(merged),
        observers=len({event.observer for event in history}),
        paths=tuple(_paths(merged, start)),
        lanes=_lanes(kept, history, start),
    )


def relative(at: int, start: int) -> str:
    """Return the seconds from `start` to `at`, both in nanoseconds, as text."""
    return f"+{(at - start) / SECOND:.3f}"


def _merged(history: Iterable[Event]) -> Iterator[Event]:
    """Yield events by time, but never against the order in which their observer noted them."""
    latest: dict[str, int] = {}
    keyed = []
    for event in sorted(history, key=lambda event: (event.observer, event.seq)):
        latest[event.observer] = max(event.at, latest.get(event.observer, event.at))
        keyed.append((latest[event.observer], event))
    keyed.sort(key=lambda pair: pair[0])
    return (event for _, event in keyed)


def _paths(merged: Iterable[Event], start: int) -> Iterator[SessionPath]:
    states: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for event in merged:
        if isinstance(event.what, Entered):
            path = states.setdefault((event.observer, event.what.session), [])
            path.append((event.what.state.value, relative(event.at, start)))
    for (observer, session), path in states.items():
        yield SessionPath(f"{observer}: {session}", tuple(path))


def _role(observer: str) -> str:
    return observer.partition("/")[0]


def _mark(event: Event) -> str:
    match event.what:
        case Entered():
            return "state"
        case FaultApplied() | FaultCleared():
            return "fault"
        case Problem() | Gap():
            return "trouble"
        case _:
            return ""


def _kind(event: Event) -> str:
    return str(event.what.__struct_config__.tag)


def _row(event: Event, start: int) -> Row:
    return Row(
        at=relative(event.at, start),
        observer=one_line(event.observer, _TEXT_LIMIT),
        role=_role(event.observer),
        kind=_kind(event),
        fields=tuple(_fields(event.what)),
        mark=_mark(event),
    )


def _fields(what: Kind) -> Iterator[tuple[str, str]]:
    """Yield what an event says; fields that were left at their default say nothing."""
    for field in msgspec.structs.fields(what):
        value = getattr(what, field.name)
        if value != field.default:
            yield field.name, _value(value)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return f"{len(value)} B “{shown(value, _BYTES_LIMIT)}”"
    if isinstance(value, tuple):
        return one_line(", ".join(map(str, value)), _TEXT_LIMIT) or "none"
    if isinstance(value, msgspec.Struct):
        return one_line(json.dumps(msgspec.to_builtins(value)), 2 * _TEXT_LIMIT)
    return one_line(str(value), _TEXT_LIMIT)


def _lanes(kept: Sequence[Event], history: Sequence[Event], start: int) -> Markup:
    """Draw a lane per observer with a dot per event shown, and a band for as long as a fault is."""
    observers = list(dict.fromkeys(event.observer for event in kept))
    if not observers:
        return Markup("")
    span = max(event.at for event in history) - start or 1
    height = _AXIS + _LANE * len(observers)
    scale = _Scale(start, span)
    parts = [
        Markup(
            '<svg class="lanes" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            'aria-label="Events of {n} observers over {s:.1f} seconds, as in the table below">'
        ).format(w=_WIDTH, h=height, n=len(observers), s=span / SECOND)
    ]
    parts += _axis(scale, height)
    parts += _bands(kept, scale, start + span, height)
    for lane, observer in enumerate(observers):
        y = _AXIS + _LANE * lane + _LANE / 2
        parts.append(
            Markup(
                '<g class="lane"><line x1="{x}" y1="{y:g}" x2="{w}" y2="{y:g}"/>'
                '<text x="{tx}" y="{ty:g}" text-anchor="end">{name}</text>'
            ).format(
                x=_GUTTER, y=y, w=_WIDTH, tx=_GUTTER - 12, ty=y + 4, name=one_line(observer, 22)
            )
        )
        parts += [_dot(event, scale, y) for event in kept if event.observer == observer]
        parts.append(Markup("</g>"))
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def _dot(event: Event, scale: _Scale, y: float) -> Markup:
    return Markup(
        '<circle class="{kind}" cx="{x:.1f}" cy="{y:g}" r="{r}"><title>{told}</title></circle>'
    ).format(
        kind=_mark(event) or "plain", x=scale(event.at), y=y, r=5 if _mark(event) else 3.5,
        told=f"{relative(event.at, scale.start)} s {_summary(event)}",
    )  # fmt: skip


class _Scale:
    """From nanoseconds to the x of a picture."""

    def __init__(self, start: int, span: int) -> None:
        self.start, self.span = start, span

    def __call__(self, at: int) -> float:
        return _GUTTER + 8 + (at - self.start) / self.span * (_WIDTH - _GUTTER - 20)


def _summary(event: Event) -> str:
    if isinstance(event.what, Entered):
        return one_line(f"{event.what.session} enters {event.what.state.value}")
    if isinstance(event.what, FaultApplied | FaultCleared):
        return one_line(f"{_kind(event)}: {event.what.fault} on {event.what.node}")
    return _kind(event)


def _axis(scale: _Scale, height: int) -> Iterator[Markup]:
    seconds = scale.span / SECOND
    step = next((step for step in _STEPS if seconds / step <= 10), _STEPS[-1])
    for number in range(min(int(seconds / step), 100) + 1):
        x = scale(scale.start + int(number * step * SECOND))
        yield Markup(
            '<g class="tick"><line x1="{x:.1f}" y1="16" x2="{x:.1f}" y2="{h}"/>'
            '<text x="{x:.1f}" y="11" text-anchor="middle">{t:g} s</text></g>'
        ).format(x=x, h=height, t=number * step)


def _bands(kept: Iterable[Event], scale: _Scale, end: int, height: int) -> Iterator[Markup]:
    begun: dict[tuple[str, str], int] = {}
    bands = []
    for event in kept:
        if isinstance(event.what, FaultApplied):
            begun.setdefault((event.what.fault, event.what.node), event.at)
        elif isinstance(event.what, FaultCleared):
            key = (event.what.fault, event.what.node)
            if key in begun:
                bands.append((key, begun.pop(key), event.at))
    bands += [(key, at, end) for key, at in begun.items()]
    for (fault, on), since, until in bands:
        yield Markup(
            '<rect class="band" x="{x:.1f}" y="16" width="{w:.1f}" height="{h}">'
            "<title>{fault} on {on}</title></rect>"
        ).format(
            x=scale(since), w=max(scale(until) - scale(since), 2), h=height - 16,
            fault=one_line(fault), on=one_line(on),
        )  # fmt: skip
