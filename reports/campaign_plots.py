"""The plots of a campaign, each as SVG and PNG.

For each key that was varied: every figure against its values, with error bars. Then each
distribution, as the share of values below, and the load of each recorder side by side. The same
campaign gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from conformance.figures import Distribution, Figure, Varied
from reports.campaign import Campaign, sweeps
from reports.visible import one_line

PACKAGE, EXTRA = "matplotlib", "plots"
FOLDER = "plots"
_ACROSS = 3
_PANEL = (4.2, 2.9)
"""Inches of one panel."""
_AXIS, _CHARACTER = 3.2, 0.08
"""Inches of a panel's axis, and of one character of its labels."""
_ONE = (6.4, 4.0)
_DPI = 120
_WIDE = 20
"""From this ratio of its ends on, an axis of values is logarithmic."""
_LINES = ("solid", "dashed", "dotted", "dashdot")
"""One after the other, so that lines that fall together are all seen."""
_STYLE = {
    "svg.hashsalt": "recspec",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*)")


def available() -> bool:
    """Tell whether the library that draws is installed."""
    return find_spec(PACKAGE) is not None


def plots(campaign: Campaign) -> dict[str, bytes]:
    """Draw everything; returns files by their path in the campaign's folder."""
    matplotlib: Any = import_module("matplotlib")
    files: dict[str, bytes] = {}
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, "backend": "Agg", **_STYLE}):
        for key, variants in sweeps(campaign).items():
            for name, drawn in _drawn(key, variants):
                files[f"{FOLDER}/{name}.svg"] = _saved(drawn, "svg")
                drawn.set_layout_engine("none")  # everything has its place by now
                files[f"{FOLDER}/{name}.png"] = _saved(drawn, "png")
    return files


def _drawn(key: str, variants: Sequence[Varied]) -> Iterator[tuple[str, Any]]:
    """Give each picture of one sweep, and what its file is called."""
    of = f"-by-{_slug(key)}" if key else ""
    if key:
        yield f"figures{of}", _against(key, variants)
    for name in dict.fromkeys(d.name for v in variants for d in v.found.distributions):
        yield f"{_slug(name)}{of}", _shares(name, key, variants)
    for name in dict.fromkeys(
        f.name for v in variants for f in v.found.figures if f.of and f.value
    ):
        yield f"{_slug(name)}{of}", _bars(name, key, variants)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "figure"


def _text(text: str) -> str:
    """Return text that is not taken for mathematics."""
    return one_line(text).replace("$", r"\$")


def _saved(drawn: Any, kind: str) -> bytes:
    data = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    drawn.savefig(data, format=kind, dpi=_DPI, metadata=metadata)
    return data.getvalue()


def _new(across: int = 1, down: int = 1, size: tuple[float, float] = _ONE) -> tuple[Any, Any]:
    figure: Any = import_module("matplotlib.figure").Figure(figsize=size)
    return figure, figure.subplots(down, across, squeeze=False)


def _label(key: str, variant: Varied) -> str:
    return _text(f"{key} = {variant.value}")


# --- figures against what was varied --------------------------------------------------------------


def _against(key: str, variants: Sequence[Varied]) -> Any:
    names = list(dict.fromkeys((f.name, f.unit) for v in variants for f in _told(v)))
    down = -(-len(names) // _ACROSS) or 1
    figure, axes = _new(_ACROSS, down, (_PANEL[0] * _ACROSS, _PANEL[1] * down))
    places, unit = _places(variants)
    labels = [_text(v.value.removesuffix(unit).strip()) for v in variants]
    crowded = _touch(places, labels)
    left, right = _ends(places, crowded=crowded)
    for axis, (name, its_unit) in zip(axes.flat, names, strict=False):
        axis.set_title(_text(name))
        axis.set_ylabel(_text(its_unit))
        axis.set_xlabel(_text(f"{key} [{unit}]" if unit else key))
        if crowded:
            axis.set_xscale("log")
        axis.set_xticks(places, labels)
        axis.set_xticks([], minor=True)
        axis.set_xlim(left, right)
        _points(axis, places, [_named(variant, name) for variant in variants])
    for axis in list(axes.flat)[len(names) :]:
        axis.set_visible(False)
    return figure


def _told(variant: Varied) -> Iterator[Figure]:
    """Give the figures of the whole campaign that say more than that nothing happened."""
    for one in variant.found.figures:
        if not one.of and (one.value or one.high):
            yield one


def _named(variant: Varied, name: str) -> Figure | None:
    return next((f for f in variant.found.figures if f.name == name and not f.of), None)


def _points(axis: Any, places: Sequence[float], found: Sequence[Figure | None]) -> None:
    """Draw values with their intervals; a value that cannot be said leaves a gap."""
    pairs = zip(places, found, strict=True)
    there = [(place, f.value, f) for place, f in pairs if f is not None and f.value is not None]
    xs, ys = [place for place, _, _ in there], [value for _, value, _ in there]
    below, above = _errors([f for _, _, f in there])
    axis.errorbar(xs, ys, yerr=[below, above], marker="o", markersize=4, capsize=3, linewidth=1)
    tops = [y + more for y, more in zip(ys, above, strict=True)]
    if tops and min(ys) >= 0 and max(tops) > 0:
        axis.set_ylim(0, 1.08 * max(tops))


def _errors(found: Sequence[Figure]) -> tuple[list[float], list[float]]:
    """Return how far each interval reaches below and above its value; 0 without an interval."""
    below = [max(0.0, (f.value or 0.0) - f.low) if f.low is not None else 0.0 for f in found]
    above = [max(0.0, f.high - (f.value or 0.0)) if f.high is not None else 0.0 for f in found]
    return below, above


def _places(variants: Sequence[Varied]) -> tuple[list[float], str]:
    """Return where on the axis each value stands, and the unit if all are numbers of one unit."""
    matches = [_NUMBER.fullmatch(variant.value) for variant in variants]
    units = {match[2] if match else None for match in matches}
    if len(units) == 1 and None not in units:
        return [float(match[1]) for match in matches if match], units.pop() or ""
    return [float(place) for place in range(len(variants))], ""


def _touch(places: Sequence[float], labels: Sequence[str]) -> bool:
    """Tell whether labels on an even axis would touch, and a logarithmic one can be had."""
    whole = max(places) - min(places)
    told = sorted(zip(places, map(len, labels), strict=True))
    room = (
        (b - a) / whole * _AXIS - _CHARACTER * (m + n + 2) / 2
        for (a, m), (b, n) in pairwise(told)
        if whole
    )
    return min(places) > 0 and min(room, default=0.0) < 0


def _ends(places: Sequence[float], *, crowded: bool) -> tuple[float, float]:
    """Return where the axis begins and ends, with a margin beyond the values."""
    least, most = min(places), max(places)
    if crowded:
        factor = (most / least) ** 0.05
        return least / factor, most * factor
    margin = 0.05 * (most - least) or 1.0
    return least - margin, most + margin


# --- distributions --------------------------------------------------------------------------------


def _shares(name: str, key: str, variants: Sequence[Varied]) -> Any:
    """Draw, for each variant, the share of values that are at most so large."""
    figure, axes = _new()
    axis = axes[0][0]
    axis.set_title(_text(name))
    axis.set_ylabel("share at most so large")
    axis.set_ylim(0, 1.02)
    edges: list[float] = []
    for number, variant in enumerate(variants):
        found = next((d for d in variant.found.distributions if d.name == name), None)
        if found is None or not sum(found.counts):
            continue
        axis.set_xlabel(_text(found.unit))
        xs, ys = _cumulated(found)
        edges += xs
        style = _LINES[number % len(_LINES)]
        axis.plot(xs, ys, linestyle=style, linewidth=1.4, label=_label(key, variant))
    above = [edge for edge in edges if edge > 0]
    if above and max(above) / min(above) >= _WIDE:
        axis.set_xscale("log")
    if not edges:
        axis.text(0.5, 0.5, "none", transform=axis.transAxes, ha="center", color="grey")
    elif key:
        axis.legend(fontsize=8)
    return figure


def _cumulated(found: Distribution) -> tuple[list[float], list[float]]:
    """Return the upper edges of what was counted, and the share at or below each."""
    whole, passed = sum(found.counts), 0
    first = next(i for i, count in enumerate(found.counts) if count)
    xs, ys = [found.edges[first]], [0.0]
    for i, count in enumerate(found.counts[first:], first):
        passed += count
        if count:
            if found.edges[i] > xs[-1]:
                xs.append(found.edges[i])
                ys.append(ys[-1])
            xs.append(found.edges[i + 1])
            ys.append(passed / whole)
    return xs, ys


# --- the load of each recorder --------------------------------------------------------------------


def _bars(name: str, key: str, variants: Sequence[Varied]) -> Any:
    """Draw a figure of each part, the variants side by side."""
    parts = list(
        dict.fromkeys(f.of for v in variants for f in v.found.figures if f.name == name and f.of)
    )
    figure, axes = _new(size=(max(_ONE[0], 0.28 * len(parts) * len(variants) + 2), _ONE[1]))
    axis = axes[0][0]
    axis.set_title(_text(name))
    wide = 0.8 / len(variants)
    for at, variant in enumerate(variants):
        found = {f.of: f for f in variant.found.figures if f.name == name and f.value is not None}
        there = [(place, found[part]) for place, part in enumerate(parts) if part in found]
        values = [f.value or 0.0 for _, f in there]
        places = [place + (at - (len(variants) - 1) / 2) * wide for place, _ in there]
        label = _label(key, variant) if key else None
        errors = _errors([f for _, f in there])
        axis.bar(places, values, wide, yerr=errors, capsize=2, label=label)
        for _, one in there:
            axis.set_ylabel(_text(one.unit))
    axis.set_xticks(range(len(parts)), ["\n".join(_text(part).split()) for part in parts])
    if key:
        axis.legend(fontsize=8)
    return figure
