"""Is the history whole? A missing observation is never a success."""

from __future__ import annotations

from conformance.checking import RIG, Findings, checks
from conformance.history import End, Event, Gap
from conformance.sessions import View

_ALWAYS = ("user", "network", "faults", "storage", "world")


@checks(RIG)
def whole(view: View, out: Findings) -> None:
    """Every observer that must be there is, counts without holes, and ended or left a gap."""
    by_observer: dict[str, list[Event]] = {}
    for event in view.history:
        by_observer.setdefault(event.observer, []).append(event)
    if view.played is None:
        out.unknown(RIG, "the history does not say what was played")
    expected = [*_ALWAYS, *_expected_parts(view)]
    for name in expected:
        if name not in by_observer:
            out.unknown(RIG, f"the observer {name!r} left nothing")
    for name, events in by_observer.items():
        _one(view, name, events, out)


def _expected_parts(view: View) -> list[str]:
    played = view.played
    if played is None or played.world != "live":
        return []
    real = [f"recorder/{node.name}" for node in view.scenario.recorders if node.script is None]
    proxy = ("api-proxy",) if view.scenario.api is not None else ()
    return [name for name in ("server", "control", *proxy, *real) if name not in played.without]


def _one(view: View, name: str, events: list[Event], out: Findings) -> None:
    numbers = [event.seq for event in events]
    if numbers != list(range(len(numbers))):
        out.unknown(RIG, f"the observer {name!r} has events missing", numbers[:20])
    last = events[-1].what
    # Only a recorder that the scenario itself disturbs may be gone at the end.
    excused = name.startswith("recorder/") and view.faulted(name.removeprefix("recorder/"))
    # An SSH server under test that ends by itself is gone for its users, which is what is judged.
    excused |= view.played is not None and name in view.played.without
    if not isinstance(last, End) and not (excused and isinstance(last, Gap)):
        out.unknown(RIG, f"the observer {name!r} stopped without an end mark", last)
